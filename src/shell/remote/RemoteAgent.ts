/**
 * Delivers a message to a host by SMTP: performs the rules of routes, mail hosts and timeouts, and the SmtpClient
 * machine. Many deliveries run at once in a server; qmail-remote runs one.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as IpAddress from "../../core/address/IpAddress.ts"
import type { Address } from "../../core/address/Address.ts"
import { type ByteString } from "../../core/Bytes.ts"
import * as MailHosts from "../../core/remote/MailHosts.ts"
import * as TcpTimeouts from "../../core/remote/TcpTimeouts.ts"
import * as SmtpRoutes from "../../core/remote/SmtpRoutes.ts"
import type { RemoteSettings } from "../../core/remote/RemoteSettings.ts"
import * as SmtpClient from "../../core/remote/SmtpClient.ts"
import * as SmtpTask from "../../core/remote/SmtpTask.ts"
import { type FileCalls, Files } from "../platform/Files.ts"
import * as MailHostLookup from "./MailHostLookup.ts"
import { type Idle, SmtpConnections } from "./SmtpConnections.ts"
import { type Connection, type Endpoint, Sockets } from "../platform/Sockets.ts"
import { TcpTimeoutFile } from "./TcpTimeoutFile.ts"

export interface RemoteJob {
  readonly host: ByteString
  readonly sender: Address
  readonly recipients: ReadonlyArray<Address>
  /** Absolute path of the message, or a descriptor that stands at its start. */
  readonly message: ByteString | number
}

/** qmail-remote's reports: one for each recipient that was spoken of, then one for the message, each ended by NUL. */
export const deliver = Effect.fnUntraced(function* (job: RemoteJob, settings: RemoteSettings) {
  if (!SmtpTask.isSendable(settings, job)) return report(unsendable)
  const route = SmtpRoutes.find(settings.routes, job.host, settings.classic)
  const found = Effect.map(MailHostLookup.find(route, settings), (found) => MailHosts.select(found, settings))
  const verdict = yield* within(settings.dnsPatience, found, dnsTimedOut)
  if (verdict._tag === "Failed") return report(verdict.report)
  const message = openMessage(yield* Files, job.message)
  return yield* Effect.ensuring(tryHosts(job, settings, route.port, verdict.hosts, message), message.close)
})

const report = (text: ByteString): ByteString => `${text}\0`

const within = <A, B, R>(
  seconds: number,
  effect: Effect.Effect<A, never, R>,
  late: B
): Effect.Effect<A | B, never, R> =>
  seconds === 0
    ? effect
    : Effect.map(
        Effect.timeoutOption(effect, seconds * 1000),
        Option.getOrElse(() => late)
      )

type Outcome =
  | { readonly _tag: "Reported"; readonly text: ByteString }
  | { readonly _tag: "MoveOn"; readonly text: ByteString }
  | Extract<SmtpClient.Command, { _tag: "Reconnect" }>
  | { readonly _tag: "Unreached" }

const tryHosts = Effect.fnUntraced(function* (
  job: RemoteJob,
  settings: RemoteSettings,
  port: number,
  hosts: ReadonlyArray<MailHosts.MailHost>,
  message: Message
) {
  const patience = settings.totalConnectPatience
  const deadline = patience === 0 ? Infinity : (yield* currentSeconds) + patience
  const messageBytes = settings.esmtp ? yield* message.size : undefined
  let fallback: ByteString = report(noConnection)
  for (const { address } of hosts) {
    const outcome = yield* tryHost({ ...job, messageBytes }, settings, { address, port }, deadline, message)
    if (outcome._tag === "Reported") return outcome.text
    if (outcome._tag === "MoveOn") fallback = outcome.text
  }
  return fallback
})

/** A connection that was used before, if there is one, and fresh ones for as long as SmtpClient asks for one. */
const tryHost = Effect.fnUntraced(function* (
  job: RemoteJob & Pick<SmtpTask.Delivery, "messageBytes">,
  settings: RemoteSettings,
  to: Endpoint,
  deadline: number,
  message: Message
): Effect.fn.Return<Outcome, never, Sockets | TcpTimeoutFile | SmtpConnections> {
  const { address } = to
  const sockets = yield* Sockets
  const timeouts = yield* TcpTimeoutFile
  const connections = yield* SmtpConnections
  const transact = (connection: Connection, esmtp: boolean, idle?: Idle) => {
    const uses = (idle?.uses ?? 0) + 1
    const keepOpen = connections.isKeeping && uses < settings.reuse
    const partner = IpAddress.format(address)
    const delivery = { ...job, partner, knownExtensions: idle?.extensions, keepOpen }
    const release: Release = (extensions) => connections.give(to, { connection, extensions, uses })
    return converse(connection, SmtpTask.of({ ...settings, esmtp }, delivery), message, settings.replyPatience, release)
  }
  const transactAfresh = Effect.fnUntraced(function* (esmtp: boolean) {
    const left = deadline - (yield* currentSeconds)
    if (left <= 0 || (yield* timeouts.shouldSkip(address))) return unreached
    const attempt = yield* Effect.match(sockets.connect(to, Math.min(settings.connectPatience, left)), {
      onFailure: ({ errno }) => ({ _tag: TcpTimeouts.failure(errno) }),
      onSuccess: (connection) => ({ _tag: "Connected" as const, connection })
    })
    switch (attempt._tag) {
      case "Connected": {
        const { connection } = attempt
        yield* Effect.onInterrupt(timeouts.connected(address), () => connection.close)
        return yield* transact(connection, esmtp)
      }
      case "Answered":
        return yield* Effect.as(timeouts.connected(address), unreached)
      case "TimedOut":
        return yield* Effect.as(timeouts.timedOut(address), unreached)
      case "NotAsked":
        return noResources
    }
  })
  const idle = yield* connections.take(to)
  const { esmtp } = settings
  let outcome = idle === undefined ? yield* transactAfresh(esmtp) : yield* transact(idle.connection, esmtp, idle)
  while (outcome._tag === "Reconnect") outcome = yield* transactAfresh(outcome.esmtp)
  return outcome
})

type Release = (extensions: NonNullable<SmtpTask.Delivery["knownExtensions"]>) => Effect.Effect<void>

/** Performs one session. Whatever interrupts it, the connection is closed. */
const converse = (
  connection: Connection,
  task: SmtpTask.SmtpTask,
  message: Message,
  patience: number,
  release: Release
): Effect.Effect<Outcome> =>
  Effect.onInterrupt(perform(connection, task, message, patience, release), () => connection.close)

const perform = Effect.fnUntraced(function* (
  connection: Connection,
  task: SmtpTask.SmtpTask,
  message: Message,
  patience: number,
  release: Release
): Effect.fn.Return<Outcome> {
  let { commands, state } = SmtpClient.initial(task)
  let outcome: Outcome = unreached
  for (;;) {
    let event: SmtpClient.Event | undefined
    for (const command of commands) {
      switch (command._tag) {
        case "Send": {
          const isSent = yield* Effect.match(connection.write(command.bytes, patience), succeeded)
          if (!isSent) event = yield* hear(connection, patience)
          break
        }
        case "ReadMessage":
          event ??= yield* nextPiece(connection, message, patience)
          break
        case "Report":
          outcome = { _tag: "Reported", text: command.text }
          break
        case "MoveOn":
          outcome = { _tag: "MoveOn", text: command.text }
          break
        case "Release":
          yield* release(command.extensions)
          break
        case "Reconnect":
          outcome = command
          yield* connection.close
          break
        case "Close":
          yield* connection.close
      }
    }
    if (SmtpClient.isOver(state)) return outcome
    event ??= yield* hear(connection, patience)
    const next = SmtpClient.decide(state, event)
    state = next.state
    commands = next.commands
  }
})

/** What the host has said comes before the end of its connection. */
const hear = (connection: Connection, patience: number): Effect.Effect<SmtpClient.Event> =>
  Effect.match(connection.read(patience), {
    onSuccess: (bytes): SmtpClient.Event =>
      bytes.length === 0 ? { _tag: "ConnectionLost" } : { _tag: "Received", bytes },
    onFailure: ({ errno }): SmtpClient.Event => ({ _tag: errno === "ETIMEDOUT" ? "TimedOut" : "ConnectionLost" })
  })

/** A host may speak before a message is at its end. */
const nextPiece = Effect.fnUntraced(function* (connection: Connection, message: Message, patience: number) {
  const isTaken = yield* Effect.match(connection.taken(patience), succeeded)
  return yield* isTaken && !connection.hasSpoken() ? message.next : hear(connection, patience)
})

const succeeded = { onSuccess: () => true, onFailure: () => false }
const unreached: Outcome = { _tag: "Unreached" }
const noResources: Outcome = {
  _tag: "Reported",
  text: report("ZSystem resources temporarily unavailable. (#4.3.0)\n")
}

interface Message {
  readonly next: Effect.Effect<Extract<SmtpClient.Event, { _tag: "MessageRead" | "MessageUnreadable" }>>
  /** Undefined if nobody knows. */
  readonly size: Effect.Effect<number | undefined>
  readonly close: Effect.Effect<void>
}

/** A file that is opened when it is first needed; small ones are read by one call. */
const openMessage = (files: FileCalls, from: ByteString | number): Message => {
  let fd = typeof from === "number" ? from : undefined
  let ahead: Uint8Array | undefined
  let wanted = 0
  const read = Effect.gen(function* () {
    fd ??= yield* files.open(from as ByteString, "read")
    wanted = wanted === 0 ? firstPieceBytes : pieceBytes
    return yield* files.read(fd, wanted, null)
  })
  // Only of a regular file is a short piece the last one.
  const isLast = (bytes: Uint8Array): boolean => bytes.length < (typeof from === "number" ? 1 : wanted)
  const next: Message["next"] = Effect.suspend(() => {
    const bytes = ahead
    ahead = undefined
    return bytes === undefined ? read : Effect.succeed(bytes)
  }).pipe(
    Effect.match({
      onSuccess: (bytes) => ({ _tag: "MessageRead", bytes, last: isLast(bytes) }) as const,
      onFailure: () => ({ _tag: "MessageUnreadable" }) as const
    })
  )
  const size = Effect.gen(function* () {
    ahead = yield* read
    return isLast(ahead) && typeof from !== "number" ? ahead.length : (yield* files.fstat(fd!)).bytes || undefined
  }).pipe(Effect.orElseSucceed(() => undefined))
  const close = Effect.suspend(() => (fd === undefined || fd === from ? Effect.void : Effect.ignore(files.close(fd))))
  return { next, size, close }
}

const currentSeconds = Effect.map(Clock.currentTimeMillis, (millis) => Math.floor(millis / 1000))

const noConnection = "ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n"
const unsendable = "DI can't send an address with a line end in it. (#5.1.3)\n"
const dnsTimedOut: MailHosts.Verdict = { _tag: "Failed", report: "ZDNS lookup timed out. (#4.4.3)\n" }
/** Most messages fit, and many are on their way at once. */
const firstPieceBytes = 16384
const pieceBytes = 65536
