/**
 * Addresses as RFC 821 paths and RFC 822 headers want them written: a local part with odd bytes goes in quotation
 * marks. One routine serves both forms. (qmail's quote.c; an address inside the mail system is never quoted.)
 */
import type { ByteString } from "../Bytes.ts"
import { type Address, split } from "./Address.ts"

/** May this local part not stand as it is? */
export const needsQuoting = (box: ByteString): boolean =>
  box === "" || odd.test(box) || box[0] === "." || box.endsWith(".") || box.includes("..")

/** The local part as it is, or between quotation marks. */
export const quote = (box: ByteString): ByteString =>
  needsQuoting(box) ? `"${box.replace(/[\r\n"\\]/g, "\\$&")}"` : box

/** A whole address: what is before the last `@` is quoted if needed, the domain stays as it is; empty stays empty. */
export const quote2 = (address: Address): ByteString => {
  if (address === "") return ""
  const parts = split(address)
  return parts === undefined ? quote(address) : `${quote(parts.box)}@${parts.domain}`
}

/**
 * Text as it may stand in a header field: no line end in an address begins a line of its author's. A CR is one for many
 * who read the message, and becomes one where it is sent on; classic homes replace only LF, as qmail-local.c does.
 */
export const oneLine = (text: ByteString, classic: boolean): ByteString =>
  text.replace(classic ? /\n/g : /[\r\n]/g, "_")

/** All bytes but the visible ASCII that RFC 822 does not use for itself. */
const odd = /[^!-~]|[()<>@,;:\\"[\]]/
