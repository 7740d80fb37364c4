/**
 * What does qmail-send do next?
 *
 * Facts come in: what is in the queue, what the trigger and the spawners say, what became of a command, signals, or
 * just that it is time. Orders go out. What takes time is asked for and answered later; nothing here waits. The order
 * of effects that a crash could tell apart is kept by asking for the second only when the first is answered:
 * a bounce paragraph before the mark, a bounce queued before its paragraphs go, recipients before info, text last.
 *
 * The machine owns its state and changes it in place: whoever calls `decide` gives the state away.
 *
 * From: qmail-send.c.
 */
import { type Step } from "../Machine.ts"
import { heldUntil } from "../queue/QueuedMessage.ts"
import * as DueQueue from "../retry/DueQueue.ts"
import { type Channel, channels } from "../route/Channel.ts"
import { EpochSeconds, type Seconds } from "../Time.ts"
import * as AdminRequests from "./AdminRequests.ts"
import * as ClockSteps from "./ClockSteps.ts"
import * as DeliveryPasses from "./DeliveryPasses.ts"
import type { FoundMessage } from "./FoundMessage.ts"
import * as LeftoverSweep from "./LeftoverSweep.ts"
import * as LogLines from "./LogLines.ts"
import * as MessageEnd from "./MessageEnd.ts"
import * as SendState from "./SendState.ts"
import * as Steering from "./Steering.ts"
import * as StraightDelivery from "./StraightDelivery.ts"
import * as TodoWork from "./TodoWork.ts"

export type State = SendState.State
export type Event = SendState.Event
export type Command = SendState.Command
type Fact = SendState.Fact
type Turn = SendState.Turn

export interface Input {
  readonly now: EpochSeconds
  readonly settings: SendState.Settings
}

export const initial = ({ now, settings }: Input): Step<State, Command> => {
  const turn: Turn = { now, state: emptyState(now, settings), commands: [] }
  SendState.ask(turn, { _tag: "ReadQueue", subdirectory: 0 })
  return turn
}

export const decide = (state: State, { fact, now }: Event): Step<State, Command> => {
  const turn: Turn = { state, now, commands: [] }
  if (!unasked.has(fact._tag)) state.pending--
  if (state.phase !== "Over") {
    ClockSteps.notice(turn)
    take(turn, fact)
    advance(turn)
  }
  return turn
}

export const isOver = (state: State): boolean => state.phase === "Over"

/** When does time alone change anything? Undefined: only a fact does. */
export const wakeAt = (state: State): EpochSeconds | undefined => {
  const times: Array<EpochSeconds | undefined> = state.later.map(({ at }) => at)
  if (state.phase === "Stopping") times.push(state.stopBy)
  if (state.phase === "Running") {
    times.push(TodoWork.nextLook(state), LeftoverSweep.nextSweep(state), MessageEnd.nextFinish(state))
    times.push(DueQueue.firstDue(state.fail), state.settings.autoreload > 0 ? state.reloadAt : undefined)
    for (const channel of channels) times.push(DeliveryPasses.nextStart(state, channel))
  }
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 ? undefined : EpochSeconds(Math.min(...known))
}

/** What the fact itself changes. */
const take = (turn: Turn, fact: Fact): void => {
  const { settings } = turn.state
  switch (fact._tag) {
    case "Woke":
      return
    case "QueueRead":
      for (const message of fact.messages) admit(turn, message)
      if (fact.subdirectory + 1 < settings.split)
        return SendState.ask(turn, { _tag: "ReadQueue", subdirectory: fact.subdirectory + 1 })
      if (turn.state.phase !== "Loading") return
      turn.state.phase = "Running"
      if (turn.state.runAllWanted) runAll(turn)
      SendState.log(turn, DeliveryPasses.statusLine(turn.state))
      return SendState.ask(turn, { _tag: "TakeNotes" })
    case "MessageLookedUp":
      turn.state.underway.delete(fact.id)
      return fact.message === undefined ? undefined : admit(turn, fact.message)
    case "DirectoryUnreadable":
      SendState.log(turn, LogLines.unreadable(fact.directory, settings.classic))
      return SendState.askLater(turn, fact.wanted, settings.classic ? opendirSleep : SendState.sysfail)
    case "TodoPulled":
      return TodoWork.todoPulled(turn, fact.ids)
    case "TodoListed":
      return TodoWork.todoListed(turn, fact.ids)
    case "TodoPreprocessed":
      return StraightDelivery.isSettling(turn.state, fact.result.id)
        ? settled(turn, fact.result)
        : TodoWork.todoPreprocessed(turn, fact.result)
    case "RequestCame":
      return AdminRequests.requestCame(turn, fact)
    case "NotesTaken":
      return AdminRequests.notesTaken(turn, fact)
    case "RequestApplied":
      AdminRequests.requestApplied(turn, fact)
      for (const message of fact.messages) admit(turn, message)
      return
    case "StraightEnded":
      return StraightDelivery.ended(turn, fact.id, fact.result)
    case "PassOpened":
      return DeliveryPasses.passOpened(turn, fact)
    case "PassNotOpened":
      return DeliveryPasses.passNotOpened(turn, fact)
    case "RecipientsRead":
      return DeliveryPasses.recipientsRead(turn, fact)
    case "Reported":
      return DeliveryPasses.reported(turn, fact)
    case "RecipientMarked":
      return DeliveryPasses.recipientMarked(turn, fact)
    case "BounceAppended":
      return DeliveryPasses.bounceAppended(turn, fact.id)
    case "BounceNotAppended":
      SendState.log(turn, LogLines.bounceNotAppended)
      return SendState.askLater(turn, fact.wanted, appendSleep)
    case "RecipientsRemoved":
      return MessageEnd.recipientsRemoved(turn, fact)
    case "MessageInspected":
      return MessageEnd.messageInspected(turn, fact)
    case "BounceInjected":
      return MessageEnd.bounceInjected(turn, fact)
    case "BounceRemoved":
      return MessageEnd.bounceRemoved(turn, fact)
    case "MessageEnded":
      return MessageEnd.messageEnded(turn, fact)
    case "MessSwept":
      return LeftoverSweep.messSwept(turn, fact.abandoned)
    case "AbandonedRemoved":
      return LeftoverSweep.abandonedRemoved(turn, fact.id, fact.ok)
    case "ControlsReread":
      return controlsReread(turn, fact.outcome)
    case "DueTimeStamped":
      turn.state.underway.delete(`${fact.channel} ${fact.id}`)
      return
    case "DueTimesStamped":
      for (const file of fact.failed) SendState.log(turn, LogLines.warning("utime", file))
      return exit(turn)
    case "SpawnerLost":
      return loseSpawner(turn, fact.channel)
    case "CleanerLost":
      if (!SendState.isStopping(turn.state)) SendState.log(turn, LogLines.lostCleaner)
      return stop(turn)
    case "StopAsked":
      return stop(turn)
    case "RunAllAsked":
      // Asked while the queue is still being read, it is for what is read later too.
      turn.state.runAllWanted = turn.state.phase === "Loading"
      return runAll(turn)
    case "RereadAsked":
      return reread(turn, true)
  }
}

const runAll = ({ now, state }: Turn): void => {
  for (const channel of channels) DueQueue.makeAllDue(state.channels[channel].due, now, heldUntil)
  state.todo.listAgain = true
}

/** What follows from all facts and the time. */
const advance = (turn: Turn): void => {
  const { state, now } = turn
  const due = state.later.filter(({ at }) => at <= now)
  if (due.length > 0) {
    state.later = state.later.filter(({ at }) => at > now)
    state.pending -= due.length
    for (const { command } of due) SendState.ask(turn, command)
  }
  if (state.phase === "Running") {
    TodoWork.work(turn)
    MessageEnd.finishDue(turn)
    DeliveryPasses.serve(turn)
    lookUpFailed(turn)
    LeftoverSweep.sweepDue(turn)
    AdminRequests.work(turn)
    if (state.settings.autoreload > 0 && now >= state.reloadAt) reread(turn, false)
  }
  if (state.phase === "Stopping" && mayExit(turn)) stampDueTimes(turn)
}

/** A message whose first attempt failed has its files: now the failure takes its course. */
const settled = (turn: Turn, result: SendState.Preprocessed): void => {
  const held = StraightDelivery.takeHeld(turn, result)
  if (held !== undefined) DeliveryPasses.follow(turn, held.delivery, held.letter, held.text)
}

/** A message that was in S5 when we started. */
const admit = (turn: Turn, { due, id, trouble }: FoundMessage): void => {
  const { state, now } = turn
  if (trouble !== undefined) {
    SendState.log(turn, LogLines.warning("statLater", trouble))
    return DueQueue.insert(state.fail, id, EpochSeconds(now + SendState.sysfail))
  }
  for (const channel of channels) {
    const stamped = due[channel]
    if (stamped === undefined) continue
    const at = ClockSteps.dueAt(turn, channel, stamped)
    DueQueue.insert(state.channels[channel].due, id, at)
    if (at === stamped) continue
    state.underway.add(`${channel} ${id}`)
    SendState.ask(turn, { _tag: "StampDueTime", id, channel, at })
  }
  if (due.local === undefined && due.remote === undefined) DueQueue.insert(state.done, id, now)
}

const lookUpFailed = (turn: Turn): void => {
  const due = DueQueue.firstDue(turn.state.fail)
  if (due === undefined || due > turn.now) return
  const { id } = DueQueue.pop(turn.state.fail)!
  turn.state.underway.add(id)
  SendState.ask(turn, { _tag: "LookUpMessage", id })
}

const reread = (turn: Turn, asked: boolean): void => {
  const { settings } = turn.state
  turn.state.reloadAt = EpochSeconds(turn.now + settings.autoreload)
  SendState.ask(turn, { _tag: "RereadControls", settings, asked })
}

const controlsReread = (turn: Turn, outcome: Extract<Fact, { _tag: "ControlsReread" }>["outcome"]): void => {
  if (outcome._tag === "Failed") return SendState.log(turn, LogLines.notReread(outcome.what))
  if (outcome._tag === "Unchanged") return
  turn.state.settings = outcome.settings
  if (!outcome.settings.classic) SendState.log(turn, LogLines.reread)
}

/** No new passes, nothing preprocessed; what is under way is awaited. */
const stop = (turn: Turn): void => {
  const { state } = turn
  if (SendState.isStopping(state)) return
  state.phase = "Stopping"
  const { patience } = state.settings
  if (patience !== undefined) state.stopBy = EpochSeconds(turn.now + patience)
}

const loseSpawner = (turn: Turn, channel: Channel): void => {
  if (!turn.state.channels[channel].alive) return
  turn.state.channels[channel].alive = false
  SendState.log(turn, LogLines.lostSpawner)
  stop(turn)
}

const mayExit = ({ now, state }: Turn): boolean =>
  (state.pending === 0 && channels.every((name) => !state.channels[name].alive || state.channels[name].used === 0)) ||
  (state.stopBy !== undefined && now >= state.stopBy)

/** A message whose pass is open stands in no queue: its file keeps its time, and it is tried again at once. */
const stampDueTimes = (turn: Turn): void => {
  turn.state.phase = "Stamping"
  const { local, remote } = turn.state.channels
  SendState.ask(turn, { _tag: "StampDueTimes", channels: { local: local.due, remote: remote.due } })
}

const exit = (turn: Turn): void => {
  turn.state.phase = "Over"
  SendState.log(turn, LogLines.exiting)
  turn.commands.push({ _tag: "Exit" })
}

const emptyChannel = (channel: Channel): SendState.ChannelState => ({
  channel,
  due: DueQueue.make(),
  fresh: [],
  jobs: new Map(),
  passes: [],
  opening: undefined,
  slots: [],
  used: 0,
  alive: true
})

const emptyState = (now: EpochSeconds, settings: SendState.Settings): State => ({
  settings,
  seenAt: now,
  phase: "Loading",
  runAllWanted: false,
  channels: { local: emptyChannel("local"), remote: emptyChannel("remote") },
  done: DueQueue.make(),
  fail: DueQueue.make(),
  finishing: new Set(),
  underway: new Set(),
  bouncing: 0,
  bouncesWaiting: [],
  appends: new Map(),
  straight: new Map(),
  todo: { waiting: [], known: new Set(), working: 0, listing: false, listAgain: true, listAt: now },
  steering: Steering.none(),
  sweep: { working: 0, next: 0, at: now, ended: new Set() },
  later: [],
  deliveries: 0,
  pending: 0,
  stopBy: undefined,
  reloadAt: EpochSeconds(now + settings.autoreload)
})

/** Facts that answer no command. */
const unasked: ReadonlySet<Fact["_tag"]> = new Set<Fact["_tag"]>([
  "Woke",
  "TodoPulled",
  "RequestCame",
  "Reported",
  "SpawnerLost",
  "CleanerLost",
  "StopAsked",
  "RunAllAsked",
  "RereadAsked"
])

const opendirSleep: Seconds = 10
const appendSleep: Seconds = 10
