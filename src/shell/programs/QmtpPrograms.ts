/** qmail-qmtpd and qmail-qmqpd: one client on descriptors 0 and 1. No word to him about troubles of ours. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ByteString } from "../../core/Bytes.ts"
import { type ExitCode, exitTemporary } from "../../core/Outcome.ts"
import * as Netstring from "../../core/qmtp/Netstring.ts"
import * as Qmqp from "../../core/qmtp/Qmqp.ts"
import * as QmtpServer from "../../core/qmtp/QmtpServer.ts"
import * as RelayClients from "../../core/relay/RelayClients.ts"
import * as Connections from "../platform/Connections.ts"
import { Controls } from "../home/Controls.ts"
import { Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import * as IntakeSession from "../intake/IntakeSession.ts"
import * as NetworkPeer from "../intake/NetworkPeer.ts"
import { Processes } from "../platform/Processes.ts"
import { QueueClient } from "../queue/QueueClient.ts"
import { readGrants } from "../home/SmtpControls.ts"

/** A client has one hour for everything. (sig_alarmcatch, alarm(3600)) */
const sessionSeconds = 3600

const services = QueueClient.layerProcess.pipe(
  Layer.provideMerge(Controls.layer),
  Layer.provideMerge(Home.layer),
  Layer.provideMerge(Layer.mergeAll(Files.layerSync, Identity.layer, Processes.layer))
)

const within = <E, R>(session: Effect.Effect<ExitCode, E, R>) =>
  session.pipe(
    Effect.timeoutOrElse({ duration: sessionSeconds * 1000, orElse: () => Effect.succeed(exitTemporary) }),
    Effect.orElseSucceed(() => exitTemporary)
  )

/** Our homes read netstrings as the standard says, unless a variable asks for qmail's leniency. */
const strictness = Effect.gen(function* () {
  const { record } = yield* Home
  const { environment } = yield* Identity
  return Netstring.strictness(record.classic, environment["QMAILLAXNETSTRING"])
})

export const qmtpd: Effect.Effect<ExitCode> = Effect.gen(function* () {
  const { environment } = yield* Identity
  const { record } = yield* Home
  const { policy } = yield* readGrants(environment["DATABYTES"])
  const { relayVariable, ...peer } = NetworkPeer.fromEnvironment(environment)
  const relaySuffix: ByteString | undefined = RelayClients.suffixFor(policy.relayClients, peer.remoteIp, relayVariable)
  return yield* IntakeSession.run(QmtpServer, yield* Connections.ofDescriptors(0, 1, sessionSeconds), {
    client: { ...peer, relaySuffix },
    policy: {
      rcptHosts: policy.rcptHosts,
      dataBytes: policy.dataBytes,
      hopsMax: record.classic ? Infinity : policy.hopsMax,
      recipientsMax: policy.limits.recipientsMax,
      strictness: yield* strictness,
      isStrict: !record.classic
    }
  })
}).pipe(Effect.provide(services), within)

export const qmqpd: Effect.Effect<ExitCode> = Effect.gen(function* () {
  const { environment } = yield* Identity
  const { record } = yield* Home
  return yield* IntakeSession.run(Qmqp, yield* Connections.ofDescriptors(0, 1, sessionSeconds), {
    client: NetworkPeer.fromEnvironment(environment),
    strictness: yield* strictness,
    isStrict: !record.classic
  })
}).pipe(Effect.provide(services), within)
