/**
 * Which of the administrator's requests can be carried out now, and what is known of the messages afterwards?
 *
 * A message is changed in its files, and only while nothing of it is on its way: one that is being delivered, marked,
 * bounced or removed is busy, and stays as it is. The others are taken out of every queue first, so that nobody begins
 * with them meanwhile, and come back with the times that their files then say. Requests are done one after the other.
 */
import type { MessageNumber } from "../queue/MessageNumber.ts"
import * as QueueRequest from "../admin/QueueRequest.ts"
import * as DueQueue from "../retry/DueQueue.ts"
import { type Channel, channels } from "../route/Channel.ts"
import * as LogLines from "./LogLines.ts"
import * as SendState from "./SendState.ts"
import type { FoundRequest } from "./Steering.ts"

type Id = MessageNumber
type State = SendState.State
type Turn = SendState.Turn
type FactOf<Tag extends SendState.Fact["_tag"]> = Extract<SendState.Fact, { readonly _tag: Tag }>

export const requestCame = ({ state }: Turn, { found }: FactOf<"RequestCame">): void =>
  void state.steering.waiting.push(found)

export const notesTaken = (turn: Turn, { notes, ok }: FactOf<"NotesTaken">): void => {
  if (!ok) SendState.log(turn, LogLines.unreadable(QueueRequest.directory, turn.state.settings.classic))
  for (const line of notes) SendState.log(turn, LogLines.noted(line))
}

/** What is left of it must be taken up again by the caller: the messages as their files say they are now. */
export const requestApplied = (turn: Turn, fact: FactOf<"RequestApplied">): void => {
  const { state } = turn
  const { answered, outcomes, request } = fact
  for (const line of LogLines.steered(request, outcomes)) SendState.log(turn, line)
  for (const id of removed(request, outcomes)) SendState.log(turn, LogLines.endMessage(id))
  if (!answered) SendState.log(turn, LogLines.notAnswered)
  if (state.sweep.working > 0) for (const id of state.steering.edited) state.sweep.ended.add(id)
  state.steering.edited = new Set()
  state.steering.applying = false
  // A message of todo that is still there is found there.
  state.todo.listAgain = true
}

/** Of which messages the files must be looked at again. What was removed is not: its number may be another's by now. */
export const stillThere = (
  request: QueueRequest.QueueRequest,
  outcomes: ReadonlyArray<QueueRequest.Outcome>
): ReadonlyArray<Id> => {
  const gone = removed(request, outcomes)
  return [...new Set(request.targets.map(({ id }) => id).filter((id) => !gone.has(id)))]
}

const removed = (
  { targets, verb }: QueueRequest.QueueRequest,
  outcomes: ReadonlyArray<QueueRequest.Outcome>
): ReadonlySet<Id> => {
  if (verb !== "delete") return new Set()
  const whole = new Set(targets.filter(({ recipients }) => recipients === undefined).map(({ id }) => id))
  return new Set(outcomes.filter(({ _tag, id }) => _tag === "Done" && whole.has(id)).map(({ id }) => id))
}

export const work = (turn: Turn): void => {
  const { steering } = turn.state
  if (steering.applying) return
  const next = steering.waiting.shift()
  if (next === undefined) return
  if (next.request === undefined) refuse(turn, next)
  else apply(turn, next.asker, next.request)
}

/** Who asks for nothing that we understand is told that nothing was done. */
const refuse = (turn: Turn, { asker, trouble }: FoundRequest): void => {
  SendState.log(turn, LogLines.requestRefused(trouble ?? ""))
  apply(turn, asker, { verb: "retry", reason: "", targets: [] })
}

const apply = (turn: Turn, asker: number, request: QueueRequest.QueueRequest): void => {
  const { state } = turn
  const atHand = withoutJob(state)
  const busy = request.targets.flatMap(({ id }) => {
    const why = workOn(state, id, atHand)
    return why === undefined ? [] : [{ id, why }]
  })
  const isTooLate = new Set(busy.map(({ id }) => id))
  const targets = request.targets.filter(({ id }) => !isTooLate.has(id))
  state.steering.applying = true
  state.steering.edited = new Set(targets.map(({ id }) => id))
  withdraw(state, state.steering.edited)
  SendState.ask(turn, { _tag: "ApplyRequest", asker, request: { ...request, targets }, busy })
}

/** Messages that are new, and of which nothing has been begun. */
const withoutJob = ({ channels: { local, remote }, todo }: State): ReadonlySet<Id> =>
  new Set([...todo.waiting, ...local.fresh.map(({ id }) => id), ...remote.fresh.map(({ id }) => id)])

/** Of two channels the one counts that is further from its end. Undefined: it may be changed. */
const workOn = (state: State, id: Id, atHand: ReadonlySet<Id>): QueueRequest.Work | undefined => {
  const works = new Set(channels.map((name) => workOfChannel(state, name, id)))
  const work = (["delivering", "starting", "recording"] as const).find((one) => works.has(one))
  if (work !== undefined) return work
  if (state.finishing.has(id)) return "ending"
  if (state.underway.has(id)) return "reading"
  if (atHand.has(id)) return undefined
  return state.todo.known.has(id) ? "sorting" : state.straight.has(id) ? "ending" : undefined
}

const workOfChannel = (state: State, name: Channel, id: Id): QueueRequest.Work | undefined => {
  const { jobs, opening, slots } = state.channels[name]
  if (slots.some((delivery) => delivery?.job.id === id)) return "delivering"
  const job = jobs.get(id)
  if (opening === id || (job?.passOpen === true && job.inFlight.size === 0)) return "starting"
  return job !== undefined || state.underway.has(`${name} ${id}`) ? "recording" : undefined
}

/** Nothing in memory knows of them until they come back. */
const withdraw = (state: State, ids: ReadonlySet<Id>): void => {
  if (ids.size === 0) return
  const { channels: tables, done, fail, straight, todo } = state
  for (const queue of [tables.local.due, tables.remote.due, done, fail]) DueQueue.remove(queue, ids)
  for (const list of [tables.local.fresh, tables.remote.fresh]) keepOthers(list, ({ id }) => id, ids)
  keepOthers(todo.waiting, (id) => id, ids)
  for (const id of ids) {
    straight.delete(id)
    todo.known.delete(id)
  }
}

const keepOthers = <A>(list: Array<A>, idOf: (one: A) => Id, ids: ReadonlySet<Id>): void =>
  void list.splice(0, list.length, ...list.filter((one) => !ids.has(idOf(one))))
