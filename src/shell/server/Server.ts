/** `thresher start`: SMTP in, queue, local and remote delivery, in one process. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ByteString } from "../../core/Bytes.ts"
import type { Endpoint } from "../../core/command/Endpoint.ts"
import { formatEndpoint } from "../../core/command/Endpoint.ts"
import type { LogStyle } from "../../core/command/CommandLine.ts"
import * as Finding from "../../core/control/Finding.ts"
import { type ExitCode, exitSuccess, exitTemporary, systemText } from "../../core/Outcome.ts"
import { Accounts } from "../home/Accounts.ts"
import { AdminSocket } from "../admin/AdminSocket.ts"
import { Configuration } from "../home/Configuration.ts"
import { Controls } from "../home/Controls.ts"
import { DiskThread } from "./DiskThread.ts"
import * as DropBox from "../intake/DropBox.ts"
import { Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import * as HomeCheck from "../home/HomeCheck.ts"
import { Identity } from "../platform/Identity.ts"
import { Locks } from "../platform/Locks.ts"
import { LogSink } from "../platform/LogSink.ts"
import { Fatal } from "../platform/Main.ts"
import { MessageHints } from "../queue/MessageHints.ts"
import * as OnDiskThread from "./OnDiskThread.ts"
import { Processes } from "../platform/Processes.ts"
import { QueueStore } from "../queue/QueueStore.ts"
import { QueueTrigger } from "../queue/QueueTrigger.ts"
import { Resolver } from "../platform/Resolver.ts"
import * as SendDaemon from "../send/SendDaemon.ts"
import * as ServerRecord from "./ServerRecord.ts"
import { SmtpConnections } from "../remote/SmtpConnections.ts"
import * as SmtpListener from "../intake/SmtpListener.ts"
import * as SpareFiles from "../queue/SpareFiles.ts"
import { Sockets } from "../platform/Sockets.ts"
import { TcpTimeoutFile } from "../remote/TcpTimeoutFile.ts"

export interface Options {
  readonly listen: ReadonlyArray<Endpoint>
  readonly log: LogStyle
  /** How long deliveries under way are waited for after SIGTERM; what is cut off is tried again. */
  readonly drainSeconds: number
}

/** Everything above files, processes, identity and home. */
const services = (log: LogStyle) =>
  Layer.mergeAll(OnDiskThread.deliveries, LogSink.layer(1, log), OnDiskThread.cleaner, OnDiskThread.injector).pipe(
    Layer.provideMerge(Layer.mergeAll(Configuration.layer, DiskThread.layer, Resolver.layer, TcpTimeoutFile.layer(30))),
    Layer.provideMerge(Layer.mergeAll(QueueStore.layer, QueueTrigger.layer, MessageHints.layer, Accounts.layer)),
    Layer.provideMerge(
      Layer.mergeAll(AdminSocket.layer, Locks.layer, Controls.layer, SmtpConnections.layer, Sockets.layer)
    )
  )

/** Runs until it is told to stop. */
export const run = (options: Options): Effect.Effect<ExitCode, Fatal, Files | Processes | Identity | Home> =>
  serve(options).pipe(
    Effect.scoped,
    Effect.provide(services(options.log)),
    Effect.catchTags({
      ControlsError: ({ file, reason }) => fatal(`unable to read ${file}: ${reasonText(reason)}`),
      ListenError: ({ endpoint, errno }) => fatal(`unable to listen on ${endpoint}: ${systemText(errno)}`),
      CannotStart: ({ trouble }) =>
        Effect.flatMap(Home, ({ path }) =>
          fatal(
            trouble === "qmail-send is already running"
              ? `unable to start in ${path}: another process sends the mail of its queue`
              : `unable to start in ${path}: ${trouble}`
          )
        )
    })
  )

const fatal = (text: ByteString) => Effect.fail(new Fatal({ exitCode: exitTemporary, text }))

const serve = Effect.fn("Server.serve")(function* ({ drainSeconds, listen }: Options) {
  yield* refuseForeignHome
  yield* refuseBrokenHome
  process.umask(0o077)
  const configuration = yield* Configuration
  const sender = yield* SendDaemon.start({ patience: drainSeconds, configuration })
  yield* SpareFiles.forget(yield* Files, yield* QueueStore)
  const drop = yield* DropBox.serve
  const listener = yield* SmtpListener.serve({
    listen: listen.map(formatEndpoint),
    settings: () => configuration.current().smtp,
    drainSeconds: Math.min(drainSeconds, clientDrainSecondsMax)
  })
  const record = yield* ServerRecord.write(listener.addresses)
  yield* onSignals({ SIGHUP: sender.reread, SIGALRM: Effect.andThen(sender.runAll, drop.pull) })
  yield* ServerRecord.say(listener.addresses)
  // Who was told 250 is in the queue; who has not been told is sent away.
  const drain = listener.drain.pipe(
    Effect.andThen(sender.stop),
    Effect.andThen(sender.ended),
    Effect.andThen(record.remove)
  )
  yield* Effect.onInterrupt(sender.ended, () => drain)
  yield* drain
  return exitSuccess
})

/** What one process does as one account, it does to no other account's files. */
const refuseForeignHome = Effect.gen(function* () {
  const { path, record } = yield* Home
  const { effectiveUid } = yield* Identity
  const files = yield* Files
  if (record.owners !== "one")
    return yield* fatal(`unable to start in ${path}: it belongs to qmail's users; qmail-start runs there`)
  const { uid } = yield* Effect.mapError(
    files.stat(path),
    ({ errno }) => new Fatal({ exitCode: exitTemporary, text: `unable to read ${path}: ${systemText(errno)}` })
  )
  if (uid !== effectiveUid)
    return yield* fatal(`unable to start in ${path}: it belongs to uid ${uid}, and this is uid ${effectiveUid}`)
})

/** Nothing is started in a home with an error in it. */
const refuseBrokenHome = Effect.gen(function* () {
  const { path } = yield* Home
  const refusal = Finding.refusal(yield* HomeCheck.errors)
  if (refusal !== undefined) return yield* fatal(`unable to start in ${path}: error: ${refusal}`)
})

const reasonText = (reason: string): string => (/^E[A-Z0-9]+$/.test(reason) ? systemText(reason) : reason)

/** Handlers go when the scope closes. SIGTERM and SIGINT interrupt the program: see Main.runServer. */
const onSignals = Effect.fnUntraced(function* (actions: Readonly<Record<string, Effect.Effect<unknown>>>) {
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  for (const [signal, action] of Object.entries(actions)) {
    const handler = () => void fork(action)
    yield* Effect.acquireRelease(
      Effect.sync(() => process.on(signal, handler)),
      () => Effect.sync(() => process.off(signal, handler))
    )
  }
})

/** A client in the middle of a message is waited for, but not as long as a delivery: he has not been told 250. */
const clientDrainSecondsMax = 10
