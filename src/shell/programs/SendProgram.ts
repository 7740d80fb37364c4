/** qmail-send under qmail-start: log on descriptor 0, spawners on 1 to 4, qmail-clean on 5 and 6. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type ExitCode, exitSuccess, exitTemporary } from "../../core/Outcome.ts"
import { AdminSocket } from "../admin/AdminSocket.ts"
import { Cleaner } from "../send/Cleaner.ts"
import { LogSink } from "../platform/LogSink.ts"
import { MessageHints } from "../queue/MessageHints.ts"
import { QueueStore } from "../queue/QueueStore.ts"
import { QueueTrigger } from "../queue/QueueTrigger.ts"
import * as SendDaemon from "../send/SendDaemon.ts"
import { Spawner } from "../send/Spawner.ts"

const services = Layer.mergeAll(
  LogSink.layer(0, "qmail"),
  Cleaner.layerPipes(5, 6),
  Spawner.layerPipes({ local: { commands: 1, reports: 2 }, remote: { commands: 3, reports: 4 } }),
  QueueTrigger.layer,
  MessageHints.layerNone,
  AdminSocket.layer
).pipe(Layer.provideMerge(QueueStore.layer))

const onSignals = (sender: SendDaemon.Sender): Effect.Effect<void> =>
  Effect.sync(() => {
    const actions = { SIGTERM: sender.stop, SIGALRM: sender.runAll, SIGHUP: sender.reread }
    for (const [signal, action] of Object.entries(actions)) process.on(signal, () => Effect.runFork(action))
  })

export const program = Effect.gen(function* () {
  process.umask(0o077)
  const sender = yield* SendDaemon.start({ patience: undefined })
  yield* onSignals(sender)
  yield* sender.ended
  return exitSuccess as ExitCode
}).pipe(
  Effect.catchTag("CannotStart", () => Effect.succeed(exitTemporary as ExitCode)),
  Effect.scoped,
  Effect.provide(services)
)
