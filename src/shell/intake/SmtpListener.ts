/**
 * The sockets of a mail server: accepts SMTP clients on any number of addresses and runs a session for each.
 *
 * Sockets are node's own, one fiber a session, no Effect below the chunk: what a message costs here is what its
 * system calls cost.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as fs from "node:fs"
import * as net from "node:net"
import * as IpAddress from "../../core/address/IpAddress.ts"
import type { ByteString } from "../../core/Bytes.ts"
import { type Endpoint, formatEndpoint, parseEndpoint } from "../../core/command/Endpoint.ts"
import type { Errno } from "../../core/Outcome.ts"
import * as ConnectionLimits from "../../core/intake/ConnectionLimits.ts"
import * as DescriptorReserve from "../../core/intake/DescriptorReserve.ts"
import type { Client } from "../../core/intake/SmtpPolicy.ts"
import * as SmtpReply from "../../core/smtp/SmtpReply.ts"
import * as SmtpServer from "../../core/smtp/SmtpServer.ts"
import * as Connections from "../platform/Connections.ts"
import type { Controls, ControlsError } from "../home/Controls.ts"
import * as Descriptors from "../platform/Descriptors.ts"
import type { Home } from "../home/Home.ts"
import { LogSink } from "../platform/LogSink.ts"
import type { QueueClient } from "../queue/QueueClient.ts"
import { currentSeconds } from "../home/SendControls.ts"
import { readPolicy, type SmtpSettings } from "../home/SmtpControls.ts"
import * as IntakeSession from "./IntakeSession.ts"

/** An address to listen on that is none, is taken, is not ours, or needs other rights. */
export class ListenError extends Data.TaggedError("ListenError")<{
  readonly endpoint: ByteString
  /** EINVAL: it is no HOST:PORT. EBADF, ENOTSOCK: it is no descriptor of a socket that strangers can reach. */
  readonly errno: Errno
}> {}

export interface Options {
  /** Each `HOST:PORT`, where port 0 lets the system choose, or `fd:N`. */
  readonly listen: ReadonlyArray<ByteString>
  /** What counts for a session that begins now; without it control/ is read here. */
  readonly settings?: () => SmtpSettings
  readonly limits?: ConnectionLimits.ConnectionLimits
  /** Descriptors that this process may have; by default what the system says. */
  readonly descriptorsMax?: number
  /** How long a message under way is waited for when the server stops. */
  readonly drainSeconds?: number
}

export interface Listening {
  /** The real addresses, in the order of `listen`. */
  readonly addresses: ReadonlyArray<ByteString>
  /** Where no `settings` were given, reads control/ again, for the sessions to come. If that fails all stays as it was. */
  readonly reload: Effect.Effect<void, ControlsError, Controls | Home>
  /** Sessions now open. */
  readonly connections: Effect.Effect<number>
  /** No new clients; idle ones are sent away; messages under way are taken. Ends within `drainSeconds`. */
  readonly drain: Effect.Effect<void>
}

/** Listens until `drain`, or until the scope closes. */
export const serve = (options: Options) => Effect.acquireRelease(open(options), ({ drain }) => drain)

const open = Effect.fnUntraced(function* (options: Options) {
  const endpoints: Array<Endpoint> = []
  for (const text of options.listen) {
    const endpoint = parseEndpoint(text)
    if (endpoint === undefined) return yield* new ListenError({ endpoint: text, errno: "EINVAL" })
    endpoints.push(endpoint)
  }
  let settings = options.settings ?? constant(yield* readPolicy(undefined))
  const { descriptorsMax = Descriptors.most(), limits = ConnectionLimits.defaults } = options
  const clients = yield* openClients(limits, descriptorsMax, () => settings())
  const servers: Array<net.Server> = []
  for (const endpoint of endpoints) {
    const server = net.createServer({ allowHalfOpen: true, noDelay: true }, clients.accept)
    servers.push(server)
    yield* listen(server, endpoint).pipe(Effect.onError(() => Effect.sync(() => servers.forEach((s) => s.close()))))
  }
  const listening: Listening = {
    addresses: servers.map((server) => {
      const { address, port } = server.address() as net.AddressInfo
      return formatEndpoint({ host: address, port })
    }),
    reload: Effect.map(readPolicy(undefined), (fresh) => {
      settings = options.settings ?? constant(fresh)
    }),
    connections: Effect.sync(clients.count),
    drain: Effect.suspend(() => {
      for (const server of servers) server.close()
      return clients.drain(options.drainSeconds ?? drainSecondsDefault)
    })
  }
  return listening
})

const constant = (settings: SmtpSettings) => () => settings

const drainSecondsDefault = 10

const listen = (server: net.Server, endpoint: Endpoint): Effect.Effect<void, ListenError> =>
  Effect.callback((resume) => {
    const failed = (cause: unknown): void =>
      resume(Effect.fail(new ListenError({ endpoint: formatEndpoint(endpoint), errno: errnoOf(cause) })))
    server.once("error", failed)
    try {
      server.listen(wayTo(endpoint), () => {
        server.off("error", failed)
        server.on("error", () => {}) // a connection that could not be accepted: its client tries again
        const address = server.address()
        if (typeof address === "object" && address !== null) resume(Effect.void)
        else failed({ code: "EAFNOSUPPORT" }) // a socket in the file system: nobody there has an address
      })
    } catch (cause) {
      failed(cause)
    }
  })

/** A descriptor that is open for node's own purposes is not one that we were given. */
const wayTo = (endpoint: Endpoint): net.ListenOptions & { readonly fd?: number } => {
  if ("host" in endpoint)
    return { port: endpoint.port, backlog: backlogMax, ...(endpoint.host !== "" && { host: endpoint.host }) }
  const fd = endpoint.descriptor
  if (!Descriptors.isInherited(fd)) throw Object.assign(new Error(), { code: "EBADF" })
  if (!fs.fstatSync(fd).isSocket()) throw Object.assign(new Error(), { code: "ENOTSOCK" })
  return { fd, backlog: backlogMax }
}

const errnoOf = (cause: unknown): Errno => (cause as NodeJS.ErrnoException).code ?? "EINVAL"

const backlogMax = 1024

/** The open sessions, and the door to them. */
const openClients = Effect.fnUntraced(function* (
  limits: ConnectionLimits.ConnectionLimits,
  descriptorsMax: number,
  settingsNow: () => SmtpSettings
) {
  const fork = Effect.runForkWith(yield* Effect.context<QueueClient | LogSink>())
  const say = yield* sayNowAndThen
  const open = new Set<Connections.SocketConnection>()
  const perClient = new Map<ByteString, number>()
  let whenEmpty: (() => void) | undefined

  const accept = (socket: net.Socket): void => {
    socket.on("error", () => {})
    const ip = IpAddress.parse(socket.remoteAddress ?? "")
    const key = ip === undefined ? "" : IpAddress.subscriber(ip)
    const ofThisClient = perClient.get(key) ?? 0
    const takesReserve = DescriptorReserve.isReserved(descriptorOf(socket), descriptorsMax)
    const verdict = ConnectionLimits.admit(limits, { connections: open.size, ofThisClient, takesReserve }, ip)
    if (verdict === "out of descriptors") fork(say(DescriptorReserve.refusing(descriptorsMax)))
    if (verdict !== "serve") return refuse(socket, verdict)
    const { me, policy, timeoutSeconds } = settingsNow()
    const connection = Connections.ofSocket(socket, timeoutSeconds)
    open.add(connection)
    perClient.set(key, ofThisClient + 1)
    const session = IntakeSession.run(SmtpServer, connection, { policy, client: clientOf(socket, ip, me) })
    fork(
      Effect.onExit(session, (exit) =>
        Effect.as(exit._tag === "Success" ? Effect.void : destroy(connection, exit.cause), undefined)
      )
    ).addObserver(() => {
      open.delete(connection)
      const left = perClient.get(key)! - 1
      if (left === 0) perClient.delete(key)
      else perClient.set(key, left)
      if (open.size === 0) whenEmpty?.()
    })
  }

  const empty = Effect.callback<void>((resume) => {
    if (open.size === 0) return resume(Effect.void)
    whenEmpty = () => resume(Effect.void)
  })
  const drain = (seconds: number) =>
    Effect.suspend(() => {
      for (const connection of open) connection.requestStop()
      return empty
    }).pipe(
      Effect.timeoutOrElse({
        duration: seconds * 1000,
        orElse: () => {
          for (const connection of open) connection.destroy()
          return empty
        }
      })
    )
  const look = Effect.suspend(() => {
    const errno = Descriptors.shortage()
    return errno === undefined ? Effect.void : say(DescriptorReserve.exhausted(errno))
  })
  yield* Effect.forkScoped(Effect.repeat(look, Schedule.spaced("1 second")))
  return { accept, count: () => open.size, drain }
})

const sayNowAndThen = Effect.map(LogSink, (log) => {
  let saidAt = -Infinity
  return (line: ByteString): Effect.Effect<void> =>
    Effect.flatMap(currentSeconds, (now) => {
      if (!DescriptorReserve.isWorthSaying(saidAt, now)) return Effect.void
      saidAt = now
      return log.write([line])
    })
})

/** Node shows it to nobody, but has it. */
const descriptorOf = (socket: net.Socket): number =>
  (socket as { readonly _handle?: { readonly fd?: number } })._handle?.fd ?? 0

/** A session never fails; if there is a bug in it, its client tries again. */
const destroy = (connection: Connections.SocketConnection, cause: unknown) =>
  Effect.andThen(Effect.logError("alert: session ended by a bug", cause), Effect.sync(connection.destroy))

const refuse = (socket: net.Socket, verdict: Exclude<ConnectionLimits.Verdict, "serve">): void => {
  const text = verdict === "too many of this client" ? SmtpReply.tooManyFromYou : SmtpReply.tooManyConnections
  socket.end(text, "latin1", () => socket.destroy())
}

/** Nobody is asked for host names: that would make a mail wait for strangers' name servers. */
const clientOf = (socket: net.Socket, ip: IpAddress.IpAddress | undefined, me: ByteString | undefined): Client => ({
  remoteIp: ip === undefined ? "unknown" : IpAddress.format(ip),
  remoteHost: "unknown",
  remoteInfo: undefined,
  localHost: me ?? socket.localAddress ?? "unknown",
  relayVariable: undefined
})
