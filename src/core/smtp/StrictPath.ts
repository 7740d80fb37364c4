/**
 * The argument of MAIL and RCPT as RFC 5321 (4.1.2) writes it: `FROM:<path>` or `TO:<path>`, and parameters. What
 * clients in use do otherwise, and what means one thing only, is read too: blanks around the colon, no brackets, no
 * domain, dots anywhere in a local part, several `@` of which the last one counts, `\` before a byte outside quotation
 * marks (RFC 821), and the sender of qmail's double bounces, `#@[]`. What cannot be read is refused: it never becomes
 * another address, or an empty one.
 */
import * as Result from "effect/Result"
import { type Address, hasControl } from "../address/Address.ts"
import * as IpAddress from "../address/IpAddress.ts"
import type { LocalIpHost } from "../address/OwnAddresses.ts"
import type { ByteString } from "../Bytes.ts"
import { addressBytesMax, type SmtpPath, withLocalIpHost } from "./SmtpPath.ts"

export type Keyword = "FROM" | "TO"

/** `no path`: the keyword or its colon is missing. */
export type Flaw = "no path" | "syntax" | "too long"

export const parse = (
  keyword: Keyword,
  argument: ByteString,
  localIpHost: LocalIpHost | undefined
): Result.Result<SmtpPath, Flaw> => {
  const opening = openings[keyword].exec(argument)
  if (opening === null) return Result.fail("no path")
  const text = argument.slice(opening[0].length)
  const [, before, domain, alone, parameters = ""] = (text[0] === "<" ? bracketed : bare).exec(text) ?? []
  const box = before ?? alone
  if (box === undefined || hasControl(argument)) return Result.fail("syntax")
  if (text.startsWith("<>") && keyword === "FROM") return Result.succeed({ address: "", parameters })
  const address = addressOf(unquoted(box), domain, keyword === "FROM")
  if (address === undefined) return Result.fail("syntax")
  const ours = localIpHost === undefined ? address : withLocalIpHost(address, localIpHost)
  return ours.length > addressBytesMax ? Result.fail("too long") : Result.succeed({ address: ours, parameters })
}

/** Undefined: it names nobody, or an `@` between quotation marks would be taken for the one before a domain. */
const addressOf = (box: ByteString, domain: ByteString | undefined, isSender: boolean): Address | undefined => {
  if (box === "" || (domain === undefined && box.includes("@"))) return undefined
  if (domain === undefined) return box
  const isDomain = domain[0] !== "[" || IpAddress.parseLiteral(domain) !== undefined || (isSender && domain === "[]")
  return isDomain ? `${box}@${domain}` : undefined
}

const unquoted = (box: ByteString): ByteString => box.replace(/\\(.)|"/gs, "$1")

const openings = { FROM: /^from *: */i, TO: /^to *: */i }

const word = String.raw`(?:"(?:[^"\\]|\\.)*"(?=[.@> ]|$)|(?:[^\0- \x7f"(),.:;<>@[\\\]]|\\.)+)`
const part = String.raw`(?:\.*${word}(?:\.+${word})*\.*|\.+)`
const name = String.raw`[\w\x80-\xff-]+(?:\.[\w\x80-\xff-]+)*\.?`
const host = String.raw`(?:${name}|\[[^[\]\\]*\])`
const route = String.raw`(?:@${host}(?:,@${host})*:)?`
const mailbox = `${route}(?:(${part}(?:@${part})*)@(${host})|(${part}|))`
const bracketed = new RegExp(`^<${mailbox}>( .*)?$`, "s")
/** `Joe <a@b>` is no bare address with parameters. */
const bare = new RegExp(`^${mailbox}( +(?![ <]).*| *)$`, "s")
