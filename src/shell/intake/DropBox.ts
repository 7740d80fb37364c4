/** The server's side of `drop`: looks there when it is woken and now and then, and queues what other accounts left. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type ByteString } from "../../core/Bytes.ts"
import { safe } from "../../core/delivery/LogLines.ts"
import * as DropName from "../../core/queue/DropName.ts"
import * as DropIntake from "../../core/queue/DropIntake.ts"
import * as DropScan from "../../core/queue/DropScan.ts"
import * as Drive from "../platform/Drive.ts"
import * as DropSubmitter from "../queue/DropSubmitter.ts"
import { Files, type FilesError, orIfAbsent } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { LogSink } from "../platform/LogSink.ts"
import { QueueClient, type QueueEntry } from "../queue/QueueClient.ts"
import * as QueueTrigger from "../queue/QueueTrigger.ts"

/** Until the scope closes; what is under way is brought to an end. `look` answers when all that was there is dealt with. */
export const serve = Effect.gen(function* () {
  const { path } = yield* Home
  const trigger = yield* QueueTrigger.listenAt(`${path}/${DropName.trigger}`)
  const waiting = Effect.timeoutOption(trigger.awaitPull, patience)
  const loop = Effect.forever(look.pipe(Effect.andThen(Effect.sleep(pause)), Effect.andThen(waiting)))
  yield* Effect.forkScoped(loop)
  return { pull: trigger.pull() }
})

/** One look. Nothing is said of a home that has no such directory. */
export const look = Effect.gen(function* () {
  const files = yield* Files
  const log = yield* LogSink
  const { path } = yield* Home
  const drop = `${path}/${DropName.directory}`
  const limits = yield* DropSubmitter.limits
  const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  const { remove, take } = DropScan.plan(yield* contents(drop), now, limits)
  let isChanged = false
  for (const { found, why } of remove) {
    const removal = yield* Effect.result(files.unlink(`${drop}/${found.name}`))
    isChanged = true
    if (removal._tag === "Success") yield* log.write([removedLine(found.name, found.uid, why)])
  }
  for (const { name, uid } of take) {
    const outcome = yield* Effect.uninterruptible(intake(drop, DropName.parseName(name)!))
    isChanged ||= outcome._tag !== "Left"
    if (outcome._tag === "Removed") yield* log.write([removedLine(name, uid, outcome.why)])
    if (outcome._tag === "Left") yield* log.write([`warning: drop/${safe(name)} of uid ${uid} stays: ${outcome.why}`])
  }
  if (isChanged) yield* files.syncDirectory(drop)
}).pipe(
  Effect.catchTags({
    FilesError: ({ errno }) => alert(`unable to look into drop: ${errno}`),
    ControlsError: ({ file, reason }) => alert(`unable to read ${file}: ${reason}`)
  })
)

const alert = (text: ByteString) => Effect.flatMap(LogSink, (log) => log.write([`alert: ${text}`]))
const removedLine = (name: ByteString, uid: number, why: string): ByteString =>
  `warning: drop/${safe(name)} of uid ${uid} was removed: ${why}`

/** How many messages wait there. */
export const count = Effect.gen(function* () {
  const { path } = yield* Home
  const found = yield* contents(`${path}/${DropName.directory}`)
  return DropScan.plan(found, 0, { messages: 0, bytes: 0 }).take.length
})

const contents = Effect.fnUntraced(function* (drop: ByteString) {
  const files = yield* Files
  const found: Array<DropScan.Found> = []
  for (const name of yield* orIfAbsent(files.list(drop), (): ReadonlyArray<ByteString> => [])) {
    const stat = yield* Effect.option(files.lstat(`${drop}/${name}`))
    if (Option.isSome(stat)) found.push({ name, ...stat.value })
  }
  return found
})

/** One file, as the machine orders it. */
const intake = Effect.fnUntraced(function* (drop: ByteString, name: DropName.DropName) {
  const files = yield* Files
  const queue = yield* QueueClient
  let fd: number | undefined
  let entry: QueueEntry | undefined
  const perform = (command: DropIntake.Command): Effect.Effect<DropIntake.Event | undefined, FilesError> => {
    switch (command._tag) {
      case "Open":
        return Effect.gen(function* () {
          fd = yield* files.open(`${drop}/${command.name}`, "updateNoFollow")
          return { _tag: "Opened", ...(yield* files.fstat(fd)) }
        })
      case "Read":
        return Effect.map(files.read(fd!, command.bytes, command.from), (bytes) => ({ _tag: "Came", bytes }))
      case "Begin":
        return Effect.map(queue.open({ uid: command.uid }), (opened) => {
          entry = opened
          return { _tag: "Begun" }
        })
      case "Put":
        return Effect.as(entry!.put(command.bytes), { _tag: "Put" })
      case "Finish":
        return Effect.map(entry!.finish(command.envelope), (status) => ({ _tag: "Finished", status }))
      case "Withhold":
        return Effect.as(entry!.abandon, undefined)
      case "Empty":
        return Effect.as(files.truncate(fd!, 0), { _tag: "Emptied" })
      case "Remove":
        return Effect.as(files.unlink(`${drop}/${command.name}`), { _tag: "Removed" })
    }
  }
  let { commands, state } = DropIntake.initial(name)
  yield* Drive.perform(commands, perform, (event) => {
    ;({ commands, state } = DropIntake.decide(state, event))
    return commands
  })
  if (fd !== undefined) yield* Effect.ignore(files.close(fd))
  return DropIntake.isOver(state) ? state.outcome : ({ _tag: "Left", why: "unfinished" } as const)
})

/** For a home whose drop/trigger is gone. */
const patience = "60 seconds"
/** A trigger that is pulled without end does not keep the server looking without end. */
const pause = "50 millis"
