/**
 * Which hosts take mail for this domain, in which order, and are we one of them?
 *
 * The MX records by preference, equal ones in an order left to chance, each with its addresses; without MX records the
 * addresses of the domain itself. If one of them is ours, only hosts that are preferred to it are tried, so that mail
 * never runs in circles.
 *
 * From: dns.c, dns_mxip() and dns_ipplus(); qmail-remote.c, main(). RFC 5321, 5.1; RFC 7505.
 */
import * as IpAddress from "../address/IpAddress.ts"
import { type ByteString, isGraphic, lower, replaceUnless } from "../Bytes.ts"
import type { AddressAnswer, MxAnswer } from "../dns/DnsAnswer.ts"

/** A host whose addresses are wanted. */
export interface Target {
  readonly host: ByteString
  readonly preference: number
}

export interface Targets {
  readonly targets: ReadonlyArray<Target>
  /** The domain itself stands in for missing MX records, or a route has named the host: it has to exist. */
  readonly direct: boolean
}

export interface MailHost {
  readonly address: IpAddress.IpAddress
  readonly preference: number
}

export type Verdict =
  | { readonly _tag: "Try"; readonly hosts: ReadonlyArray<MailHost> }
  /** A report about the message, without the NUL. */
  | { readonly _tag: "Failed"; readonly report: ByteString }

/** What holds in homes that are not classic: IPv6, `localhost` without DNS, and all of 127.0.0.0/8 is this host. */
export interface Reach {
  readonly classic: boolean
}

/**
 * Addresses that need no DNS: `192.0.2.1` and `[192.0.2.1]`; outside classic homes also IPv6, in brackets with or without
 * `IPv6:`, and localhost, which is never to be asked for (RFC 6761, 6.3).
 */
export const known = (host: ByteString, { classic }: Reach): ReadonlyArray<IpAddress.IpAddress> | undefined => {
  const literal = IpAddress.parseLiteral(host) ?? IpAddress.parse(host.replace(/^\[(.*:.*)\]$/, "$1"))
  if (literal !== undefined) return classic && !IpAddress.isV4(literal) ? undefined : [literal]
  const name = lower(host.replace(/\.$/, ""))
  return !classic && (name === "localhost" || name.endsWith(".localhost")) ? loopback : undefined
}

export const direct = (host: ByteString): Targets => ({ targets: [{ host, preference: 0 }], direct: true })

/** Undefined: nobody could say. `chance` decides between equals. */
export const targets = (domain: ByteString, answer: MxAnswer, chance: number): Targets | undefined => {
  if (answer._tag === "Soft") return undefined
  if (answer._tag === "Hard" || answer.records.length === 0) return direct(domain)
  const left = answer.records.map(({ exchange, preference }) => ({ host: exchange, preference }))
  const ordered: Array<Target> = []
  let random = chance >>> 0
  while (left.length > 0) {
    let chosen = 0
    let same = 1
    for (let i = 1; i < left.length; i++)
      if (left[i]!.preference < left[chosen]!.preference) {
        chosen = i
        same = 1
      } else if (left[i]!.preference === left[chosen]!.preference) {
        same++
        random = (Math.imul(random, 69069) + 1) >>> 0
        if (random / 2 < Math.floor(2147483647 / same)) chosen = i
      }
    ordered.push(left[chosen]!)
    const last = left.pop()!
    if (chosen < left.length) left[chosen] = last
  }
  return { targets: ordered, direct: false }
}

/** Which addresses are asked for. */
export const families = (target: Target, { classic }: Reach): ReadonlyArray<"A" | "AAAA"> =>
  isNobody(target) ? [] : classic ? ["A"] : ["A", "AAAA"]

/** The root as an MX: no mail is taken (RFC 7505). Beside other MX it counts for nothing. */
const isNobody = ({ host }: Target): boolean => host === "" || host === "."

/** A target and what was found for it: an answer for each kind of address that was asked for. */
export interface Lookup {
  readonly target: Target
  readonly answers: ReadonlyArray<AddressAnswer>
}

export interface Found {
  readonly domain: ByteString
  readonly direct: boolean
  readonly lookups: ReadonlyArray<Lookup>
  /** Chosen by control/smtproutes: then even our own address will do. */
  readonly relay: boolean
  readonly ours: ReadonlyArray<IpAddress.IpAddress>
}

/** Undefined: nobody could say which hosts there are. */
export const select = (found: Found | undefined, reach: Reach): Verdict => {
  if (found === undefined) return notFoundNow
  const { direct, domain, lookups, relay } = found
  if (!reach.classic && !direct && lookups.every(({ target }) => isNobody(target))) return noMail
  const answers = lookups.flatMap((lookup) => lookup.answers)
  const isSoft = answers.some(({ _tag }) => _tag === "Soft")
  if (direct && !answers.some(({ _tag }) => _tag === "Records")) return isSoft ? notFoundNow : noSuchHost(domain)
  const hosts = all(found, reach)
  if (hosts.length === 0) return isSoft ? notFoundNow : noAddress
  const best = relay
    ? Infinity
    : Math.min(...hosts.filter(({ address }) => isOurs(address, found.ours, reach)).map((host) => host.preference))
  const usable = hosts.filter(({ preference }) => preference < best)
  if (usable.length === 0) return !reach.classic && isOneUnknownBefore(lookups, best) ? notFoundNow : ourselves
  return { _tag: "Try", hosts: usable }
}

/** All addresses in the order in which they would be tried, ours included. */
export const all = ({ lookups }: Pick<Found, "lookups">, reach: Reach): ReadonlyArray<MailHost> => {
  const hosts = lookups.flatMap((lookup) => addressesOf(lookup, reach))
  return reach.classic ? hosts : hosts.toSorted(byPreferenceThenFamily)
}

/** A host that is preferred to us may exist: what takes the mail is still to be learnt (RFC 5321, 5.1). */
const isOneUnknownBefore = (lookups: ReadonlyArray<Lookup>, best: number): boolean =>
  lookups.some(({ answers, target }) => target.preference < best && answers.some(({ _tag }) => _tag === "Soft"))

const notFoundNow: Verdict = {
  _tag: "Failed",
  report: "ZSorry, I couldn't find any host by that name. (#4.1.2)\n"
}

/** In classic homes an MX that names an address instead of a host has preference 0, whatever its record says. */
const addressesOf = ({ answers, target }: Lookup, reach: Reach): ReadonlyArray<MailHost> => {
  const preference = reach.classic && known(target.host, reach) !== undefined ? 0 : target.preference
  return answers.flatMap((answer) =>
    answer._tag === "Records" ? answer.records.map((address) => ({ address, preference })) : []
  )
}

/** IPv4 first: more hosts have a way there. */
const byPreferenceThenFamily = (a: MailHost, b: MailHost): number =>
  a.preference - b.preference || a.address.length - b.address.length

/** `addresses`: those of our interfaces. */
const isOurs = (
  address: IpAddress.IpAddress,
  addresses: ReadonlyArray<IpAddress.IpAddress>,
  { classic }: Reach
): boolean =>
  IpAddress.isUnspecified(address) ||
  (!classic && IpAddress.isLoopback(address)) ||
  addresses.some((own) => IpAddress.equals(own, address))

const noSuchHost = (domain: ByteString): Verdict => ({
  _tag: "Failed",
  report: `DSorry, I couldn't find any host named ${replaceUnless(domain, isGraphic, "?")}. (#5.1.2)\n`
})
const noMail: Verdict = { _tag: "Failed", report: "DThat domain takes no mail. (#5.1.10)\n" }
const noAddress: Verdict = {
  _tag: "Failed",
  report: "DSorry, I couldn't find a mail exchanger or IP address. (#5.4.4)\n"
}
const ourselves: Verdict = {
  _tag: "Failed",
  report:
    "DSorry. Although I'm listed as a best-preference MX or A for that host,\n" +
    "it isn't in my control/locals file, so I don't treat it as local. (#5.4.6)\n"
}
const loopback: ReadonlyArray<IpAddress.IpAddress> = [
  [127, 0, 0, 1],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
]
