/** The programs that ask the DNS for whoever sets up a host: dnsip, dnsptr, dnsfq, dnscname, dnsmxip. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as IpAddress from "../../core/address/IpAddress.ts"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import type { DnsAnswer } from "../../core/dns/DnsAnswer.ts"
import * as MailHosts from "../../core/remote/MailHosts.ts"
import { type ExitCode, exitPermanent, exitSuccess, exitTemporary } from "../../core/Outcome.ts"
import { Files } from "../platform/Files.ts"
import { Identity } from "../platform/Identity.ts"
import * as MailHostLookup from "../remote/MailHostLookup.ts"
import { Resolver } from "../platform/Resolver.ts"
import { Sockets } from "../platform/Sockets.ts"

/** What is said on descriptor 2, without the name of the program. (dnsdoe.c) */
interface Trouble {
  readonly text: ByteString
  readonly exitCode: ExitCode
}

type Lines<R> = Effect.Effect<ReadonlyArray<ByteString>, Trouble, R>

const reach: MailHosts.Reach = { classic: true }
const hardError: Trouble = { text: "hard error", exitCode: exitPermanent }
const softError: Trouble = { text: "soft error", exitCode: exitTemporary }
const noAddresses: Trouble = { text: "no IP addresses", exitCode: exitPermanent }
const mostLinks = 10

const recordsOf = <A>(answer: DnsAnswer<A>): Effect.Effect<ReadonlyArray<A>, Trouble> => {
  switch (answer._tag) {
    case "Records":
      return Effect.succeed(answer.records)
    case "Soft":
      return Effect.fail(softError)
    case "Hard":
      return Effect.fail(hardError)
  }
}

const addresses = Effect.fnUntraced(function* (host: ByteString) {
  const known = MailHosts.known(host, reach)
  return known ?? (yield* recordsOf(yield* (yield* Resolver).addresses(host, "A")))
})

const nameOf = Effect.fnUntraced(function* (address: IpAddress.IpAddress) {
  const [name] = yield* recordsOf(yield* (yield* Resolver).names(address))
  return name === undefined ? yield* Effect.fail(hardError) : [name]
})

const anyOf = (
  names: ReadonlyArray<ByteString>
): Effect.Effect<ReadonlyArray<IpAddress.IpAddress>, Trouble, Resolver> => {
  const [name, ...others] = names
  return Effect.catchIf(
    addresses(name!),
    (trouble) => trouble === hardError && others.length > 0,
    () => anyOf(others)
  )
}

const program = (linesOf: (argument: ByteString) => Lines<Resolver | Sockets | Identity>): Effect.Effect<ExitCode> =>
  Effect.gen(function* () {
    const files = yield* Files
    const [argument] = (yield* Identity).arguments
    if (argument === undefined) return exitPermanent
    const lines = yield* linesOf(argument)
    yield* Effect.ignore(files.write(1, toChunk(lines.map((line) => `${line}\n`).join(""))))
    return exitSuccess
  }).pipe(
    Effect.catch(({ exitCode, text }: Trouble) =>
      Effect.flatMap(Files, (files) => Effect.as(Effect.ignore(files.write(2, toChunk(`${text}\n`))), exitCode))
    ),
    Effect.provide(
      Resolver.layer.pipe(Layer.provideMerge(Layer.mergeAll(Files.layerSync, Identity.layer, Sockets.layer)))
    )
  )

/** All IPv4 addresses of a host. */
export const addressLines = (host: ByteString): Lines<Resolver> =>
  Effect.map(addresses(host), (found) => found.map(IpAddress.format))

/** The name of an address. */
export const nameLines = (text: ByteString): Lines<Resolver> => {
  const address = IpAddress.parse(text) ?? IpAddress.parseLiteral(text)
  return address === undefined ? Effect.fail(hardError) : nameOf(address)
}

/** The name of the first address of a host, which may be named without its domain. */
export const fullNameLines: (host: ByteString) => Lines<Resolver> = Effect.fnUntraced(function* (host) {
  const [first] = yield* anyOf(yield* (yield* Resolver).candidates(host))
  return first === undefined ? yield* Effect.fail(noAddresses) : yield* nameOf(first)
})

export const ip: Effect.Effect<ExitCode> = program(addressLines)
export const ptr: Effect.Effect<ExitCode> = program(nameLines)
export const fq: Effect.Effect<ExitCode> = program(fullNameLines)

/** The name at the end of a chain of aliases. */
export const cname: Effect.Effect<ExitCode> = program(
  Effect.fnUntraced(function* (host) {
    const resolver = yield* Resolver
    let name = host
    for (let links = 0; links < mostLinks; links++) {
      const alias = yield* resolver.aliases(name)
      if (alias._tag === "Soft") return yield* Effect.fail(softError)
      if (alias._tag === "Hard" || alias.records[0] === undefined) break
      name = alias.records[0]
    }
    const exists = yield* resolver.addresses(name, "A")
    if (exists._tag === "Hard") yield* recordsOf(yield* resolver.mx(name))
    return [name]
  })
)

/** Addresses and preferences of the hosts that take mail for a domain, in the order in which they are tried. */
export const mxip: Effect.Effect<ExitCode> = program(
  Effect.fnUntraced(function* (domain) {
    const found = yield* MailHostLookup.find({ host: domain, relay: false }, reach)
    const verdict = MailHosts.select(found && { ...found, relay: true }, reach)
    if (verdict._tag === "Failed") return yield* Effect.fail(verdict.report.startsWith("Z") ? softError : hardError)
    return verdict.hosts.map(({ address, preference }) => `${IpAddress.format(address)} ${preference}`)
  })
)
