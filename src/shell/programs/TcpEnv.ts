/** tcp-env: tells a program who is connected to descriptor 0, and becomes that program. Every trouble is silent. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import type { IpAddress } from "../../core/address/IpAddress.ts"
import { type ByteString, fromChunk, fromText, toChunk } from "../../core/Bytes.ts"
import * as Getopt from "../../core/command/Getopt.ts"
import * as ProgramPath from "../../core/command/ProgramPath.ts"
import { type ExitCode, exitTemporary } from "../../core/Outcome.ts"
import * as Ident from "../../core/peer/Ident.ts"
import * as SocketTable from "../../core/peer/SocketTable.ts"
import * as TcpEnvironment from "../../core/peer/TcpEnvironment.ts"
import type { TcpPair } from "../../core/peer/TcpPair.ts"
import { Files } from "../platform/Files.ts"
import { Identity } from "../platform/Identity.ts"
import { Resolver } from "../platform/Resolver.ts"
import { Sockets } from "../platform/Sockets.ts"
import * as Successor from "../platform/Successor.ts"

const services = Resolver.layer.pipe(
  Layer.provideMerge(Sockets.layer),
  Layer.provideMerge(Layer.mergeAll(Files.layerSync, Identity.layer))
)

export const program: Effect.Effect<ExitCode> = Effect.gen(function* () {
  const identity = yield* Identity
  const { options, rest } = Getopt.scan(TcpEnvironment.letters, identity.arguments)
  const [name, ...args] = rest
  if (name === undefined) return exitTemporary
  const environment = TcpEnvironment.isTold(identity.environment)
    ? identity.environment
    : TcpEnvironment.environment(identity.environment, yield* ask(TcpEnvironment.options(options)))
  const directory = fromText(process.cwd())
  for (const file of ProgramPath.candidates(name, environment["PATH"], directory))
    yield* Effect.ignore(Successor.become({ program: file, name, arguments: args, environment, directory }))
  return exitTemporary
}).pipe(
  Effect.orElseSucceed(() => exitTemporary),
  Effect.provide(services)
)

const ask = Effect.fnUntraced(function* (options: TcpEnvironment.Options) {
  const pair = yield* peerOf(0)
  const localHost = yield* nameOf(pair.local.ip)
  const named = yield* nameOf(pair.remote.ip)
  const remoteHost =
    options.confirmsName && named._tag === "Named"
      ? TcpEnvironment.confirmed(named, pair.remote.ip, yield* addressesOf(named.name))
      : named
  const remoteInfo = options.asksIdent ? yield* identify(pair, options.identSeconds) : undefined
  return { pair, localHost, remoteHost, remoteInfo } satisfies TcpEnvironment.Facts
})

/** Fails if the descriptor is no TCP socket with somebody at the other end. */
const peerOf = Effect.fnUntraced(function* (fd: number) {
  const files = yield* Files
  const link = yield* Effect.try({
    try: () => fromText(fs.readlinkSync(`/proc/self/fd/${fd}`)),
    catch: () => undefined
  })
  const inode = SocketTable.inodeOf(link)
  for (const table of inode === undefined ? [] : ["/proc/self/net/tcp", "/proc/self/net/tcp6"]) {
    const content = yield* files.readFile(table).pipe(Effect.orElseSucceed(() => new Uint8Array(0)))
    const pair = SocketTable.find(fromChunk(content), inode!)
    if (pair !== undefined) return pair
  }
  return yield* Effect.fail(undefined)
})

const nameOf = Effect.fnUntraced(function* (ip: IpAddress) {
  const answer = yield* (yield* Resolver).names(ip)
  if (answer._tag === "Soft") return { _tag: "Unknown" } as const
  const name = answer._tag === "Hard" ? undefined : answer.records[0]
  return name === undefined ? ({ _tag: "Nameless" } as const) : ({ _tag: "Named", name } as const)
})

const addressesOf = Effect.fnUntraced(function* (name: ByteString) {
  const resolver = yield* Resolver
  const found: Array<IpAddress> = []
  for (const type of ["A", "AAAA"] as const) {
    const answer = yield* resolver.addresses(name, type)
    if (answer._tag === "Soft") return undefined
    if (answer._tag !== "Hard") found.push(...answer.records)
  }
  return found
})

/** A host that does not say it in time has not said it. */
const identify = (pair: TcpPair, seconds: number) =>
  Effect.gen(function* () {
    const sockets = yield* Sockets
    const connection = yield* sockets.connect({ address: pair.remote.ip, port: Ident.port }, seconds, pair.local.ip)
    yield* connection.write(toChunk(Ident.request(pair)), seconds)
    for (let reply = Ident.noReply; ;) {
      const bytes = yield* connection.read(seconds)
      reply = Ident.feed(reply, fromChunk(bytes))
      if (reply.isComplete) return reply.text
      if (bytes.length === 0) return undefined
    }
  }).pipe(Effect.orElseSucceed(() => undefined))
