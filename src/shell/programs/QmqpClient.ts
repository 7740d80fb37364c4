/** qmail-qmqpc: in the place of qmail-queue, hands the message to a QMQP server on another host. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { IpAddress } from "../../core/address/IpAddress.ts"
import { concat, fromChunk } from "../../core/Bytes.ts"
import { settings } from "../../core/control/Settings.ts"
import type { ExitCode } from "../../core/Outcome.ts"
import * as Qmqp from "../../core/qmtp/Qmqp.ts"
import { Controls } from "../home/Controls.ts"
import { Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { type Connection, Sockets } from "../platform/Sockets.ts"

const services = Sockets.layer.pipe(
  Layer.provideMerge(Controls.layer),
  Layer.provideMerge(Home.layer),
  Layer.provideMerge(Layer.mergeAll(Files.layerSync, Identity.layer))
)

const send = Effect.gen(function* () {
  const controls = yield* Controls
  const entries = yield* controls.list(settings.qmqpservers).pipe(Effect.orElseSucceed(() => undefined))
  if (entries === undefined) return Qmqp.exitNoServer
  const message = yield* readAll(0)
  const envelope = Qmqp.parseEnvelope(fromChunk(yield* readAll(1)))
  if (envelope === undefined) return Qmqp.exitMalformed
  const request = Qmqp.request(message, envelope)
  let exitCode = Qmqp.exitNoServer
  for (const address of Qmqp.servers(entries)) {
    const attempt = yield* ask(address, request)
    if (attempt.connected) return attempt.exitCode
    exitCode = attempt.exitCode
  }
  return exitCode
})

export const program: Effect.Effect<ExitCode> = send.pipe(
  Effect.catchTag("FilesError", () => Effect.succeed(Qmqp.exitNoMessage)),
  Effect.provide(services),
  Effect.orElseSucceed(() => Qmqp.exitNoHome)
)

const readAll = Effect.fnUntraced(function* (fd: number) {
  const files = yield* Files
  const chunks: Array<Uint8Array> = []
  for (;;) {
    const chunk = yield* files.read(fd, chunkBytes, null)
    if (chunk.length === 0) return concat(chunks)
    chunks.push(chunk)
  }
})

const ask = Effect.fnUntraced(function* (address: IpAddress, request: Uint8Array) {
  const sockets = yield* Sockets
  return yield* sockets.connect({ address, port: Qmqp.port }, connectSeconds).pipe(
    Effect.matchEffect({
      onFailure: ({ errno }) =>
        Effect.succeed({ connected: false, exitCode: Qmqp.exitUnconnected(errno === "ETIMEDOUT") }),
      onSuccess: (connection) =>
        Effect.map(converse(connection, request), (exitCode) => ({ connected: true, exitCode }))
    })
  )
})

const converse = (connection: Connection, request: Uint8Array): Effect.Effect<ExitCode> =>
  Effect.gen(function* () {
    yield* connection.write(request, speakSeconds)
    for (;;) {
      const bytes = yield* connection.read(speakSeconds)
      const outcome = Qmqp.readAnswer(fromChunk(bytes))
      if (outcome !== undefined) return Qmqp.exitCodeOf[outcome]
      if (bytes.length === 0) return Qmqp.exitBroken
    }
  }).pipe(Effect.orElseSucceed(() => Qmqp.exitBroken))

const chunkBytes = 65536
const connectSeconds = 10
const speakSeconds = 60
