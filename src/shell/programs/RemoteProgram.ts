/** The program qmail-remote: one message on descriptor 0 to one host, reports on descriptor 1, always exit code 0. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import { exitSuccess } from "../../core/Outcome.ts"
import { Controls } from "../home/Controls.ts"
import { Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { Locks } from "../platform/Locks.ts"
import { Processes } from "../platform/Processes.ts"
import * as RemoteAgent from "../remote/RemoteAgent.ts"
import * as RemoteControls from "../home/RemoteControls.ts"
import { Resolver } from "../platform/Resolver.ts"
import { SmtpConnections } from "../remote/SmtpConnections.ts"
import { Sockets } from "../platform/Sockets.ts"
import { TcpTimeoutFile } from "../remote/TcpTimeoutFile.ts"

/** `host sender recipient ...` */
const deliver = Effect.gen(function* () {
  const [host, sender, ...recipients] = (yield* Identity).arguments
  if (host === undefined || sender === undefined || recipients.length === 0) return misused
  const settings = yield* RemoteControls.readSettings
  return yield* RemoteAgent.deliver({ host, sender, recipients, message: 0 }, settings)
}).pipe(Effect.orElseSucceed(() => noControls))

const atHome = <R>(program: Effect.Effect<ByteString, never, R>) =>
  Effect.gen(function* () {
    const { arguments: args } = yield* Identity
    const home = yield* Home
    const { stat } = yield* Files
    const { kind } = yield* Effect.orElseSucceed(stat(home.path), () => ({ kind: "other" as const }))
    return args.length >= 3 && kind !== "directory" ? noHome : yield* program
  })

export const run = Effect.gen(function* () {
  const files = yield* Files
  const home = Layer.provideMerge(Home.layer, Identity.layer)
  const services = Layer.mergeAll(Resolver.layer, TcpTimeoutFile.layer(), Controls.layer).pipe(
    Layer.provideMerge(Layer.mergeAll(Sockets.layer, SmtpConnections.layerNone, Locks.layer)),
    Layer.provideMerge(Layer.mergeAll(home, Processes.layer)),
    Layer.provideMerge(Layer.succeed(Files, files))
  )
  const text = yield* atHome(deliver).pipe(
    Effect.provide(services),
    Effect.orElseSucceed(() => noControls)
  )
  // Nobody is left to be told if the reports cannot be written.
  yield* Effect.ignore(files.write(1, toChunk(text)))
  return exitSuccess
}).pipe(Effect.provide(Files.layerSync))

const misused = "DI (qmail-remote) was invoked improperly. (#5.3.5)\n\0"
const noHome = "ZUnable to switch to home directory. (#4.3.0)\n\0"
const noControls = "ZUnable to read control files. (#4.3.0)\n\0"
