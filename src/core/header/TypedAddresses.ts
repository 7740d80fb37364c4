/**
 * An argument that names addresses, as in a header: `Joe <a@x>, b@x`, groups and comments too. It is read more strictly
 * than a header, where a typing error costs less: no comma is put in, and nothing that is no address is mailed to.
 */
import * as Result from "effect/Result"
import type { Address } from "../address/Address.ts"
import { type ByteString, hasControl } from "../Bytes.ts"
import * as HeaderAddresses from "./HeaderAddresses.ts"
import type { Token } from "./HeaderToken.ts"
import * as HeaderTokens from "./HeaderTokens.ts"

type Complete = (address: ReadonlyArray<Token>) => ReadonlyArray<Token>

/** In the order in which they were typed; undefined: no list of addresses. `<>` is the empty address. */
export const parse = (
  text: ByteString,
  complete: Complete = (address) => address
): ReadonlyArray<Address> | undefined =>
  Result.match(HeaderTokens.scan(text), {
    onFailure: () => undefined,
    onSuccess: (row) => {
      let fits = true
      const list = HeaderAddresses.parse(row, 0, (typed) => {
        const whole = complete(typed)
        fits &&= isAddress(typed, whole)
        return whole
      })
      return fits && list.complete && !list.loose && !list.addresses.some(hasControl)
        ? list.addresses.toReversed()
        : undefined
    }
  })

/** The one address of a sender; `<>`, and nothing at all, are the empty one. */
export const parseSender = (text: ByteString, complete?: Complete): Address | undefined => {
  const addresses = parse(text, complete)
  if (addresses?.length === 0 && /^[ \t\r\n]*$/.test(text)) return ""
  return addresses?.length === 1 ? addresses[0] : undefined
}

/** One or more that are not empty. */
export const parseRecipients = (text: ByteString, complete?: Complete): ReadonlyArray<Address> | undefined => {
  const addresses = parse(text, complete)
  return addresses !== undefined && addresses.length > 0 && !addresses.includes("") ? addresses : undefined
}

const isAddress = (typed: ReadonlyArray<Token>, whole: ReadonlyArray<Token>): boolean =>
  typed.at(-1)?._tag !== "@" &&
  (whole.length > 0 || typed.length === 0) &&
  whole[0]?._tag !== "@" &&
  whole.every(({ _tag }) => _tag.length > 1 || _tag === "@" || _tag === ".") &&
  hostOf(whole).every(mayBeInHost)

const hostOf = (address: ReadonlyArray<Token>): ReadonlyArray<Token> => {
  const at = address.findLastIndex(({ _tag }) => _tag === "@")
  return at < 0 ? [] : address.slice(at + 1)
}

/** In a host no quotation marks help. */
const mayBeInHost = (token: Token): boolean => token._tag !== "Quoted" || !/[ ()<>@,;:\\"[\]]/.test(token.text)
