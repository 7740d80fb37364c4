/** qmail-smtpd: one client on descriptors 0 and 1, introduced by the environment. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SmtpReply from "../../core/smtp/SmtpReply.ts"
import * as SmtpServer from "../../core/smtp/SmtpServer.ts"
import * as Connections from "../platform/Connections.ts"
import { Controls } from "../home/Controls.ts"
import { Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import * as NetworkPeer from "../intake/NetworkPeer.ts"
import { Processes } from "../platform/Processes.ts"
import { QueueClient } from "../queue/QueueClient.ts"
import { readPolicy } from "../home/SmtpControls.ts"
import * as IntakeSession from "../intake/IntakeSession.ts"

const serve = Effect.gen(function* () {
  const { environment } = yield* Identity
  const { policy, timeoutSeconds } = yield* readPolicy(environment["DATABYTES"])
  const connection = yield* Connections.ofDescriptors(0, 1, timeoutSeconds)
  return yield* IntakeSession.run(SmtpServer, connection, { policy, client: NetworkPeer.fromEnvironment(environment) })
})

/** Said to the client, whatever cannot be read; a super-server has no other place for it. */
const refuse = Effect.gen(function* () {
  const connection = yield* Connections.ofDescriptors(0, 1, 60)
  yield* connection.send(SmtpReply.noControls)
  yield* connection.close
  return 1
})

const services = Layer.provideMerge(
  QueueClient.layerProcess,
  Layer.provideMerge(
    Controls.layer,
    Layer.provideMerge(Home.layer, Layer.mergeAll(Files.layerSync, Identity.layer, Processes.layer))
  )
)

export const program = serve.pipe(
  Effect.provide(services),
  Effect.catch(() => refuse),
  Effect.provide(Files.layerSync)
)
