/**
 * Questions to the DNS: over UDP, and over TCP where an answer does not fit. Each question has a number that cannot
 * be guessed and a port of its own, and only the server that was asked is listened to.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import * as dgram from "node:dgram"
import * as IpAddress from "../../core/address/IpAddress.ts"
import { type ByteString, concat, fromChunk, lower } from "../../core/Bytes.ts"
import * as DnsAnswer from "../../core/dns/DnsAnswer.ts"
import * as DnsMessage from "../../core/dns/DnsMessage.ts"
import * as ResolverSettings from "../../core/dns/ResolverSettings.ts"
import { Files } from "./Files.ts"
import { Identity } from "./Identity.ts"
import * as Interfaces from "./Interfaces.ts"
import { type Connection, Sockets } from "./Sockets.ts"

export interface ResolverCalls {
  readonly mx: (domain: ByteString) => Effect.Effect<DnsAnswer.MxAnswer>
  readonly addresses: (host: ByteString, type: "A" | "AAAA") => Effect.Effect<DnsAnswer.AddressAnswer>
  /** Names of an address. */
  readonly names: (address: IpAddress.IpAddress) => Effect.Effect<DnsAnswer.NameAnswer>
  /** The chain of aliases that begins at this name. */
  readonly aliases: (name: ByteString) => Effect.Effect<DnsAnswer.NameAnswer>
  /** The names that a person may mean who names a host, in the order in which they are looked up. */
  readonly candidates: (host: ByteString) => Effect.Effect<ReadonlyArray<ByteString>>
}

/** What the memory layer answers for one name; a type that is missing does not exist. */
export interface ZoneEntry {
  readonly MX?: DnsAnswer.MxAnswer
  readonly A?: DnsAnswer.AddressAnswer
  readonly AAAA?: DnsAnswer.AddressAnswer
  readonly PTR?: DnsAnswer.NameAnswer
  readonly CNAME?: DnsAnswer.NameAnswer
}

type Ask = (question: DnsMessage.Question) => Effect.Effect<Option.Option<DnsMessage.Answer>>

export class Resolver extends Context.Service<Resolver, ResolverCalls>()("thresher/shell/Resolver") {
  /** Asks the servers of QMAILDNS, else those of /etc/resolv.conf. */
  static readonly layer: Layer.Layer<Resolver, never, Files | Identity | Sockets> = Layer.effect(
    Resolver,
    Effect.gen(function* () {
      const sockets = yield* Sockets
      const current = yield* reader
      let turn = 0
      const ask = (question: DnsMessage.Question) =>
        Effect.flatMap(current, (settings) => askAll(sockets, settings, turn++, question))
      const asked = calls(ask)
      const inTurn = oneAtATime()
      return {
        ...asked,
        addresses: (host, type) =>
          Effect.flatMap(current, ({ options }) => {
            if (options.has("no-aaaa") && type === "AAAA") return Effect.succeed(DnsAnswer.hard)
            const answer = asked.addresses(host, type)
            return options.has("single-request") ? inTurn(lower(host), answer) : answer
          }),
        candidates: (host) => Effect.map(current, (settings) => ResolverSettings.candidates(settings, host))
      }
    })
  )

  /** Answers from a table of lower-case names. */
  static readonly layerMemory = (
    zone: Readonly<Record<ByteString, ZoneEntry>>,
    search: ReadonlyArray<ByteString> = []
  ): Layer.Layer<Resolver> => {
    const find = (name: ByteString): ZoneEntry => zone[lower(name)] ?? {}
    return Layer.succeed(Resolver, {
      mx: (domain) => Effect.sync(() => find(domain).MX ?? DnsAnswer.hard),
      addresses: (host, type) => Effect.sync(() => find(host)[type] ?? DnsAnswer.hard),
      names: (address) => Effect.sync(() => find(DnsMessage.reverseName(address)).PTR ?? DnsAnswer.hard),
      aliases: (name) => Effect.sync(() => find(name).CNAME ?? DnsAnswer.hard),
      candidates: (host) => Effect.succeed(ResolverSettings.candidates({ ...ResolverSettings.parse(""), search }, host))
    })
  }
}

/** The settings in force. A file that is not there says nothing; one that cannot be read at this moment says what it said before. */
const reader = Effect.gen(function* () {
  const files = yield* Files
  const { effectiveUid, environment, hostName, uid } = yield* Identity
  // Variables of a person must not lead a program with other rights to other servers. (glibc: secure_getenv)
  const trusted = uid === effectiveUid ? environment : {}
  const given = ResolverSettings.parseServers(environment["QMAILDNS"] ?? "")
  const surroundings = { options: trusted["RES_OPTIONS"], localDomain: trusted["LOCALDOMAIN"], hostName }
  let settings: ResolverSettings.ResolverSettings | undefined
  let readAt = 0
  return Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    // A clock that was set back must not keep an old file.
    const isFresh = Math.abs(now - readAt) < rereadMillis
    if (settings !== undefined && (isFresh || settings.options.has("no-reload"))) return settings
    const content = yield* Effect.catch(files.readFile("/etc/resolv.conf"), ({ errno }) =>
      Effect.succeed(settings !== undefined && !saysNothing.has(errno) ? undefined : new Uint8Array(0))
    )
    if (content !== undefined) {
      const fromFile = ResolverSettings.parse(fromChunk(content), surroundings)
      settings = given.length > 0 ? { ...fromFile, servers: given } : fromFile
    }
    readAt = now
    return settings!
  })
})

/** Errors after which glibc goes on as if the file were empty. */
const saysNothing: ReadonlySet<string> = new Set(["EACCES", "EISDIR", "ELOOP", "ENOENT", "ENOTDIR", "EPERM"])

/** What is asked under one name is done one after the other. */
const oneAtATime = () => {
  const turns = new Map<ByteString, { readonly semaphore: Semaphore.Semaphore; waiting: number }>()
  return <A>(name: ByteString, effect: Effect.Effect<A>): Effect.Effect<A> =>
    Effect.suspend(() => {
      const turn = turns.get(name) ?? { semaphore: Semaphore.makeUnsafe(1), waiting: 0 }
      turns.set(name, turn)
      turn.waiting++
      const leave = Effect.sync(() => {
        if (--turn.waiting === 0) turns.delete(name)
      })
      return Effect.ensuring(turn.semaphore.withPermit(effect), leave)
    })
}

const calls = (ask: Ask): Omit<ResolverCalls, "candidates"> => {
  const question = <A>(
    name: ByteString,
    type: DnsMessage.RecordType,
    pick: (answer: DnsMessage.Answer) => ReadonlyArray<A>
  ): Effect.Effect<DnsAnswer.DnsAnswer<A>> =>
    Effect.map(
      Effect.suspend(() => ask({ id: crypto.getRandomValues(new Uint16Array(1))[0]!, name, type })),
      Option.match({
        onNone: () => DnsAnswer.soft,
        onSome: (answer) => DnsMessage.verdict(answer, pick)
      })
    )
  return {
    mx: (domain) => question(domain, "MX", ({ exchanges }) => exchanges),
    addresses: (host, type) => question(host, type, ({ addresses }) => addresses),
    names: (address) => question(DnsMessage.reverseName(address), "PTR", ({ names }) => names),
    aliases: (name) => question(name, "CNAME", ({ names }) => names)
  }
}

/** Every server in turn, again and again, until one knows. None: nobody answered. `turn`: of this question. */
const askAll = Effect.fnUntraced(function* (
  sockets: Sockets["Service"],
  settings: ResolverSettings.ResolverSettings,
  turn: number,
  question: DnsMessage.Question
) {
  if (DnsMessage.formatQuestion(question) === undefined) return Option.some(DnsMessage.unaskable)
  for (let attempt = 0; attempt < settings.attempts; attempt++)
    for (const server of ResolverSettings.inOrder(settings, turn)) {
      const patience = settings.timeout * 2 ** attempt
      for (const withEdns of settings.options.has("edns0") ? [true, false] : [false]) {
        const bytes = DnsMessage.formatQuestion(question, withEdns)!
        let answer: DnsMessage.Answer | undefined
        if (!settings.options.has("use-vc")) answer = yield* askOverUdp(server, question, bytes, patience)
        if (settings.options.has("use-vc") || answer?.truncated)
          answer = yield* askOverTcp(sockets, server, question, bytes, patience)
        if (answer === undefined) break
        if (answer.code !== "serverFailed") return Option.some(answer)
      }
    }
  return Option.none()
})

const askOverUdp = (
  { address, port, zone }: ResolverSettings.Server,
  question: DnsMessage.Question,
  bytes: Uint8Array,
  patience: number
): Effect.Effect<DnsMessage.Answer | undefined> =>
  Effect.callback<DnsMessage.Answer | undefined>((resume) => {
    const socket = dgram.createSocket(IpAddress.isV4(address) ? "udp4" : "udp6")
    const close = (): void => {
      socket.removeAllListeners()
      socket.on("error", () => {})
      socket.close()
    }
    const finish = (answer: DnsMessage.Answer | undefined): void => {
      close()
      resume(Effect.succeed(answer))
    }
    socket.on("error", () => finish(undefined))
    socket.on("message", (message) => {
      const answer = DnsMessage.parseAnswer(message, question)
      if (Result.isSuccess(answer)) finish(answer.success)
      else if (answer.failure === "broken") finish(undefined)
    })
    // No route to it: that is told here and not by an "error".
    const onConnect = (cause?: Error): void => (cause === undefined ? socket.send(bytes) : finish(undefined))
    socket.connect(port, Interfaces.hostOf(address, zone), onConnect)
    return Effect.sync(close)
  }).pipe(Effect.timeoutOption(patience * 1000), Effect.map(Option.getOrUndefined))

/** Two bytes of length come before each message (RFC 1035, 4.2.2). */
const askOverTcp = Effect.fnUntraced(
  function* (
    sockets: Sockets["Service"],
    server: ResolverSettings.Server,
    question: DnsMessage.Question,
    bytes: Uint8Array,
    patience: number
  ) {
    const connection = yield* sockets.connect(server, patience)
    return yield* Effect.ensuring(converse(connection, question, bytes, patience), connection.close)
  },
  Effect.orElseSucceed(() => undefined)
)

const converse = Effect.fnUntraced(function* (
  connection: Connection,
  question: DnsMessage.Question,
  bytes: Uint8Array,
  patience: number
) {
  yield* connection.write(concat([Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes]), patience)
  let received: Uint8Array = new Uint8Array(0)
  for (;;) {
    const piece = yield* connection.read(patience)
    if (piece.length === 0) return undefined
    received = concat([received, piece])
    const wanted = received.length < 2 ? Infinity : received[0]! * 256 + received[1]!
    if (received.length - 2 < wanted) continue
    return Result.getOrUndefined(DnsMessage.parseAnswer(received.subarray(2, 2 + wanted), question))
  }
})

const rereadMillis = 30_000
