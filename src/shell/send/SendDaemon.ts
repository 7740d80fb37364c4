/**
 * Drives SendLoop: facts in, commands out. Everything slow runs in a fiber of its own and answers with a fact; the
 * loop itself waits for nothing but facts and the time that the machine asked to be woken at.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import type { ByteString } from "../../core/Bytes.ts"
import * as LogLines from "../../core/delivery/LogLines.ts"
import * as SendLoop from "../../core/delivery/SendLoop.ts"
import type { Fact, Settings } from "../../core/delivery/SendState.ts"
import type { Step } from "../../core/Machine.ts"
import { EpochSeconds } from "../../core/Time.ts"
import * as QueueRequest from "../../core/admin/QueueRequest.ts"
import { AdminSocket, closedDoor, type Door } from "../admin/AdminSocket.ts"
import { Cleaner } from "./Cleaner.ts"
import * as Configuration from "../home/Configuration.ts"
import type { ConfigurationCalls } from "../home/Configuration.ts"
import { Controls } from "../home/Controls.ts"
import { Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Locks } from "../platform/Locks.ts"
import { LogSink } from "../platform/LogSink.ts"
import { QueueStore } from "../queue/QueueStore.ts"
import * as QueueSweeper from "../queue/QueueSweeper.ts"
import { QueueTrigger } from "../queue/QueueTrigger.ts"
import * as SendControls from "../home/SendControls.ts"
import * as SendWork from "./SendWork.ts"
import { Spawner } from "./Spawner.ts"

/** Why there is nothing to run; the log has been told. */
export class CannotStart extends Data.TaggedError("CannotStart")<{ readonly trouble: LogLines.StartTrouble }> {}

/** What may be asked of a running qmail-send: the three signals. */
export interface Sender {
  /** Awaits what is under way, at most so long as `patience` allows, and ends. */
  readonly stop: Effect.Effect<void>
  /** Everything is due now. */
  readonly runAll: Effect.Effect<void>
  /** Ends when the control files are in force, or are known to be bad. */
  readonly reread: Effect.Effect<void>
  /** When it has ended. A defect in it comes out here. */
  readonly ended: Effect.Effect<void>
}

export interface Options {
  /** Seconds that deliveries under way are awaited after `stop`; undefined: as long as they take. */
  readonly patience: number | undefined
  /** Of a server, whose other parts take part in every change; without it control/ is read here. */
  readonly configuration?: ConfigurationCalls
}

/**
 * Starts qmail-send for as long as the scope is open. It holds lock/sendmutex: there is one for a queue, whoever wrote
 * it. It works when the queue has been read.
 */
export const start = Effect.fn("SendDaemon.start")(
  function* (options: Options) {
    const files = yield* Files
    const home = yield* Home
    const { path } = yield* QueueStore
    const complaining = <A, E, R>(effect: Effect.Effect<A, E, R>, trouble: LogLines.StartTrouble) =>
      Effect.mapError(effect, () => new CannotStart({ trouble }))
    yield* complaining(files.stat(`${home.path}/.`), "unable to switch to home directory")
    yield* complaining(SendControls.read({ patience: options.patience, limits: unlimited }), "unable to read controls")
    yield* complaining(files.stat(path(".")), "unable to switch to queue directory")
    const mutex = yield* complaining(
      Effect.acquireRelease(files.open(path("lock/sendmutex"), "write"), (fd) => Effect.ignore(files.close(fd))),
      "unable to open mutex"
    )
    yield* holdLock(mutex)
    const door = yield* openDoor
    const limits = yield* complaining((yield* Spawner).limits, "hath the daemon spawn no fire?")
    const { configuration, patience } = options
    const manner = { patience, limits }
    const settings = yield* configuration === undefined
      ? complaining(SendControls.read(manner), "unable to read controls")
      : complaining(configuration.begin(manner), "unable to read controls")
    // What is left of a message that is gone must not meet the next one of its number.
    if (!home.record.classic) yield* Effect.ignore(QueueSweeper.sweepAtStart)
    return yield* run(settings, manner, configuration, door)
  },
  Effect.tapError(({ trouble }) => Effect.flatMap(LogSink, (log) => log.write([LogLines.cannotStart(trouble)])))
)

const unlimited = { local: Infinity, remote: Infinity }

/** Until the scope closes. */
const holdLock = Effect.fnUntraced(function* (fd: number) {
  const locks = yield* Locks
  const answer = yield* Deferred.make<boolean>()
  yield* Effect.forkScoped(
    locks.whileLocked(fd, 0, ({ _tag }) =>
      Effect.andThen(Deferred.succeed(answer, _tag === "Locked"), _tag === "Locked" ? Effect.never : Effect.void)
    )
  )
  if (!(yield* Deferred.await(answer))) return yield* new CannotStart({ trouble: "qmail-send is already running" })
})

/** Without it mail is sent all the same. */
const openDoor = Effect.gen(function* () {
  const { path, record } = yield* Home
  const file = `${path}/queue/${QueueRequest.socketFile(record.owners)}`
  return yield* Effect.catch((yield* AdminSocket).listen, ({ errno }) =>
    Effect.flatMap(LogSink, (log) => Effect.as(log.write([LogLines.noDoor(file, errno)]), closedDoor))
  )
})

const run = Effect.fnUntraced(function* (
  settings: Settings,
  manner: SendControls.Manner,
  configuration: ConfigurationCalls | undefined,
  door: Door
) {
  const facts = yield* Queue.unbounded<Fact>()
  const tell = (fact: Fact): Effect.Effect<void> => Effect.sync(() => void Queue.offerUnsafe(facts, fact))
  const spawner = yield* Spawner
  const trigger = yield* QueueTrigger
  const cleaner = yield* Cleaner
  const { awaitReread, loop } = yield* makeLoop(facts, settings, manner, configuration, door)
  const listen = Effect.forEach(
    [
      Effect.forever(Effect.flatMap(trigger.awaitPull, (ids) => tell({ _tag: "TodoPulled", ids }))),
      Effect.forever(
        Effect.map(spawner.news, (news) => {
          for (const fact of news) Queue.offerUnsafe(facts, fact)
        })
      ),
      Effect.forever(Effect.flatMap(door.next, (found) => tell({ _tag: "RequestCame", found }))),
      Effect.andThen(cleaner.lost, tell({ _tag: "CleanerLost" }))
    ],
    (each) => Effect.forkScoped(each),
    { discard: true }
  )
  yield* listen
  const fiber = yield* Effect.forkScoped(loop)
  const sender: Sender = {
    stop: tell({ _tag: "StopAsked" }),
    runAll: tell({ _tag: "RunAllAsked" }),
    reread: Effect.andThen(tell({ _tag: "RereadAsked" }), awaitReread),
    ended: Fiber.join(fiber)
  }
  return sender
})

/** Among qmail's processes each program reads for itself; qmail-send of a qmail home rereads two files. */
const ownReread = Effect.fnUntraced(function* (classic: boolean, manner: SendControls.Manner) {
  if (!classic) {
    const reread = yield* Configuration.ofSender(manner)
    return (_before: Settings, asked: boolean) => reread(asked)
  }
  const controls = yield* Controls
  return (before: Settings) => Effect.provideService(SendControls.rereadClassic(before), Controls, controls)
})

const makeLoop = Effect.fnUntraced(function* (
  facts: Queue.Queue<Fact>,
  settings: Settings,
  manner: SendControls.Manner,
  configuration: ConfigurationCalls | undefined,
  door: Door
) {
  const log = yield* LogSink
  const spawner = yield* Spawner
  const work = yield* SendWork.make(
    door,
    configuration === undefined
      ? yield* ownReread(settings.classic, manner)
      : (_before, asked) => configuration.reread(asked)
  )
  const yellSeconds = yield* Effect.orElseSucceed(SendControls.readYell, () => 0)
  const scope = yield* Effect.scope
  const clock = yield* Clock.Clock
  const now = (): EpochSeconds => EpochSeconds(Math.floor(clock.currentTimeMillisUnsafe() / 1000))
  let lines: Array<ByteString> = []

  /** A defect (a bug, a disk that is gone) ends the loop with it. */
  const inBackground = (effect: Effect.Effect<Fact>): Effect.Effect<unknown> =>
    effect.pipe(
      Effect.matchCauseEffect({
        onFailure: (cause) =>
          Cause.hasInterruptsOnly(cause) ? Effect.void : Queue.failCause(facts, cause as Cause.Cause<never>),
        onSuccess: (fact) => Effect.sync(() => Queue.offerUnsafe(facts, fact))
      }),
      Effect.forkIn(scope)
    )
  const perform = Effect.fnUntraced(function* (commands: ReadonlyArray<SendLoop.Command>) {
    for (const command of commands) {
      if (command._tag === "Log") lines.push(command.line)
      else if (command._tag === "StartDelivery") yield* Effect.forkIn(spawner.start(command), scope)
      else if (command._tag !== "Exit") yield* inBackground(work(command))
    }
  })
  const writeLog = Effect.suspend(() => {
    const written = lines
    lines = []
    return written.length === 0 ? Effect.void : log.write(written)
  })

  let alarmAt: number | undefined
  let alarm: Fiber.Fiber<unknown> | undefined
  const setAlarm = Effect.fnUntraced(function* (at: number | undefined) {
    if (at === alarmAt) return
    alarmAt = at
    if (alarm !== undefined) yield* Effect.forkIn(Fiber.interrupt(alarm), scope)
    alarm =
      at === undefined
        ? undefined
        : yield* Effect.sleep(Math.max(0, at * 1000 - clock.currentTimeMillisUnsafe())).pipe(
            Effect.andThen(
              Effect.sync(() => {
                alarmAt = alarm = undefined
                Queue.offerUnsafe(facts, { _tag: "Woke" })
              })
            ),
            Effect.forkIn(scope)
          )
  })

  let rereaders: Array<() => void> = []
  const awaitReread = Effect.callback<void>((resume) => void rereaders.push(() => resume(Effect.void)))
  const endRereads = (): void => {
    const ended = rereaders
    rereaders = []
    for (const end of ended) end()
  }

  const loop = Effect.gen(function* () {
    let step: Step<SendLoop.State, SendLoop.Command> = SendLoop.initial({ now: now(), settings })
    yield* perform(step.commands)
    for (;;) {
      yield* writeLog
      if (SendLoop.isOver(step.state)) return
      yield* setAlarm(SendLoop.wakeAt(step.state))
      const batch = yield* Queue.takeAll(facts)
      const begun = clock.currentTimeMillisUnsafe()
      for (const fact of batch) {
        step = SendLoop.decide(step.state, { now: now(), fact })
        // In the same breath: a client must not be told that a domain is ours which is routed as another's.
        if (fact._tag === "ControlsReread" && fact.outcome._tag === "Read") configuration?.taken(fact.outcome.settings)
        yield* perform(step.commands)
        if (fact._tag === "ControlsReread") endRereads()
      }
      const seconds = Math.floor((clock.currentTimeMillisUnsafe() - begun) / 1000)
      if (yellSeconds > 0 && seconds > yellSeconds) lines.push(LogLines.blocked(seconds, batch[0]._tag))
    }
  })
  return { awaitReread, loop }
})
