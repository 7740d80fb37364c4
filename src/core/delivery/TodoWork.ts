/**
 * Which new message is preprocessed next, and where does it go then?
 *
 * The trigger says that todo/ is worth a look, or which message is new; without it we look every 25 minutes. Only so
 * many numbers are held in memory: what does not fit is found by looking again.
 *
 * From: qmail-send.c, todo_do().
 */
import type { MessageNumber } from "../queue/MessageNumber.ts"
import * as DueQueue from "../retry/DueQueue.ts"
import { channels } from "../route/Channel.ts"
import { EpochSeconds, type Seconds } from "../Time.ts"
import * as LogLines from "./LogLines.ts"
import * as SendState from "./SendState.ts"

type Turn = SendState.Turn

export const todoPulled = (turn: Turn, ids: ReadonlyArray<MessageNumber> | "scan"): void => {
  if (ids === "scan") turn.state.todo.listAgain = true
  else admit(turn, ids)
}

export const todoListed = (turn: Turn, ids: ReadonlyArray<MessageNumber>): void => {
  turn.state.todo.listing = false
  admit(turn, ids)
}

const admit = ({ state: { steering, straight, todo } }: Turn, ids: ReadonlyArray<MessageNumber>): void => {
  for (const id of ids) {
    if (todo.known.has(id) || straight.has(id) || steering.edited.has(id)) continue
    if (todo.known.size >= knownMax) {
      todo.listAgain = true
      return
    }
    todo.known.add(id)
    todo.waiting.push(id)
  }
}

export const work = (turn: Turn): void => {
  const { finishing, settings, todo } = turn.state
  // The original does one thing after the other, and its log shows it.
  const most = settings.classic && finishing.size > 0 ? 0 : workingMax(settings)
  while (todo.working < most && todo.waiting.length > 0) {
    todo.working++
    const id = todo.waiting.shift()!
    SendState.ask(turn, { _tag: "PreprocessTodo", id, routes: settings.routes, straight: mayGoStraight(turn.state) })
  }
  if (todo.listing || todo.waiting.length > 0 || (!todo.listAgain && turn.now < todo.listAt)) return
  todo.listing = true
  todo.listAgain = false
  todo.listAt = EpochSeconds(turn.now + listEvery)
  SendState.ask(turn, { _tag: "ListTodo" })
}

/** Whatever failed stays in todo/ and is found at the next look. */
export const todoPreprocessed = (turn: Turn, result: SendState.Preprocessed): void => {
  const { todo } = turn.state
  const { bytes, id, recipients, started, told, trouble } = result
  todo.known.delete(id)
  todo.working--
  if (started) SendState.log(turn, LogLines.newMessage(id))
  for (const { qp, sender, uid } of told) SendState.log(turn, LogLines.infoMessage(id, bytes, sender, qp, uid))
  if (trouble !== undefined) return SendState.log(turn, LogLines.warning(trouble.kind, trouble.file))
  const used = channels.filter((channel) => recipients[channel] !== undefined)
  if (used.length === 0) return DueQueue.insert(turn.state.done, id, turn.now)
  const straight = !result.settled
  if (straight) turn.state.straight.set(id, { routes: result.routes, birth: result.birth })
  for (const name of used) {
    const channel = turn.state.channels[name]
    const records = recipients[name]!.records
    const sender = told[0]?.sender
    const alone = used.length === 1
    if (records === undefined || sender === undefined || (!straight && channel.fresh.length >= freshMax))
      DueQueue.insert(channel.due, id, turn.now)
    else channel.fresh.push({ id, dueAt: turn.now, birth: result.birth, sender, records, alone, straight })
  }
}

/** So many wait in todo/ with nothing but their numbers and addresses in memory. */
const mayGoStraight = ({ settings, straight }: SendState.State): boolean =>
  !settings.classic && straight.size < straightMax
const straightMax = 16384

export const nextLook = ({ todo }: SendState.State): EpochSeconds | undefined =>
  todo.listing || todo.waiting.length > 0 ? undefined : todo.listAt

const workingMax = ({ classic }: SendState.Settings): number => (classic ? 1 : 16)

/** SLEEP_TODO */
const listEvery: Seconds = 1500

/** Numbers of new messages in memory. */
const knownMax = 4096
/** New messages of a channel whose recipients stay in memory until it has room for them. */
const freshMax = 64
