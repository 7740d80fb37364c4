/**
 * The argument of MAIL and RCPT: an address, with or without brackets, and parameters. Lenient as qmail: the words
 * `FROM:` and `TO:` are not looked at, quotes and backslashes are removed, a source route is dropped.
 *
 * From: qmail-smtpd.c, addrparse. Source routes: RFC 5321, F.2.
 */
import * as Result from "effect/Result"
import type { Address } from "../address/Address.ts"
import * as IpAddress from "../address/IpAddress.ts"
import type { LocalIpHost } from "../address/OwnAddresses.ts"
import type { ByteString } from "../Bytes.ts"

export interface SmtpPath {
  readonly address: Address
  /** What follows the address, such as ` SIZE=1000`. */
  readonly parameters: ByteString
}

/** Fails if the address is longer than anything we deliver. */
export const parse = (
  argument: ByteString,
  localIpHost: LocalIpHost | undefined
): Result.Result<SmtpPath, "address too long"> => {
  const { at: start, terminator } = addressStart(argument)
  const codes: Array<number> = [] // a fresh string: a slice would keep the whole line alive
  let quoted = false
  let end = start
  for (; end < argument.length; end++) {
    const c = argument[end]!
    if (c === "\\") {
      end++
      if (end < argument.length) codes.push(argument.charCodeAt(end))
    } else if (c === '"') quoted = !quoted
    else if (c === terminator && !quoted) break
    else codes.push(c.charCodeAt(0))
  }
  const address = codes.length > codesMax ? undefined : String.fromCharCode.apply(null, codes)
  if (address === undefined) return Result.fail("address too long")
  const ours = localIpHost === undefined ? address : withLocalIpHost(address, localIpHost)
  return ours.length > addressBytesMax
    ? Result.fail("address too long")
    : Result.succeed({ address: ours, parameters: argument.slice(end + 1) })
}

const addressStart = (argument: ByteString): { readonly at: number; readonly terminator: ByteString } => {
  const bracket = argument.indexOf("<")
  if (bracket >= 0) return { at: afterRoute(argument, bracket + 1), terminator: ">" }
  const colon = argument.indexOf(":")
  let at = colon < 0 ? argument.length : colon + 1
  while (argument[at] === " ") at++
  return { at: afterRoute(argument, at), terminator: " " }
}

/** `@x,@y:` is dropped; a route without its colon leaves nothing. */
const afterRoute = (argument: ByteString, at: number): number => {
  if (argument[at] !== "@") return at
  const colon = argument.indexOf(":", at)
  return colon < 0 ? argument.length : colon + 1
}

/** A NUL in control/localiphost is still there: only where the address goes does it end. (qmail-smtpd.c, addrparse) */
export const withLocalIpHost = (address: Address, { host, isOurs, readsIpv6 }: LocalIpHost): Address => {
  const at = address.lastIndexOf("@")
  if (at < 0 || address[at + 1] !== "[") return address
  const literal = address.slice(at + 1)
  const ip = readsIpv6 || !literal.includes(":") ? IpAddress.parseLiteral(literal) : undefined
  return ip !== undefined && isOurs(ip) ? address.slice(0, at + 1) + host : address
}

/** qmail-queue takes 1002 bytes, some of which a RELAYCLIENT suffix may need. (qmail-smtpd.c: 900 with its NUL) */
export const addressBytesMax = 899

/** An address literal that becomes a shorter host is hardly longer than this. */
const codesMax = addressBytesMax + 64
