/**
 * Address lists, to RFC 822 as token822.c reads them: from right to left, because there the end of an address tells
 * what it is. Groups and phrases stay as they are; a comma that is missing between two addresses is put in.
 */
import type { Address } from "../address/Address.ts"
import type { Mark, Token } from "./HeaderToken.ts"
import { unquote } from "./HeaderTokens.ts"

/** The tokens of one address, without angle brackets and comments; or a token that belongs to none. */
export type Item =
  | { readonly _tag: "Address"; readonly tokens: ReadonlyArray<Token> }
  | { readonly _tag: "Other"; readonly token: Token }

export interface AddressList {
  readonly items: ReadonlyArray<Item>
  /** False: a bracket or a group is not closed or not opened; `items` is what stood to the right of it. */
  readonly complete: boolean
}

/** The body of an address field: the tokens after the colon. Each address is what `complete` makes of it. */
export const parse = (
  tokens: ReadonlyArray<Token>,
  complete: (address: ReadonlyArray<Token>) => ReadonlyArray<Token> = (address) => address
): AddressList => {
  /** From right to left, as is `address`. */
  const items: Array<Item> = []
  let address: Array<Token> = []
  let at = tokens.length - 1
  let inGroup = false
  let wordFits = true

  const pass = (): void => void items.push({ _tag: "Other", token: tokens[at--]! })
  const passWhile = (fits: (token: Token) => boolean): void => {
    for (; at >= 0 && fits(tokens[at]!); at--) items.push({ _tag: "Other", token: tokens[at]! })
  }
  const endAddress = (): void => {
    items.push({ _tag: "Address", tokens: complete(address.reverse()) })
    address = []
  }
  const separate = (): void => {
    if (address.length === 0) return
    endAddress()
    items.push({ _tag: "Other", token: comma })
  }
  const done = (complete: boolean): AddressList => ({ items: items.reverse(), complete })

  while (at >= 0) {
    const token = tokens[at]!
    switch (token._tag) {
      case ";":
        separate()
        if (inGroup) return done(false)
        inGroup = true
        wordFits = true
        pass()
        break
      case ":":
        if (address.length > 0) endAddress()
        if (!inGroup) return done(false)
        inGroup = false
        wordFits = true
        passWhile(({ _tag }) => _tag !== ",")
        if (at >= 0) pass()
        break
      case ">":
        separate()
        pass()
        while (at >= 0 && tokens[at]!._tag !== "<") address.push(tokens[at--]!)
        endAddress()
        if (at < 0) return done(false)
        pass()
        passWhile(({ _tag }) => inPhrase.has(_tag))
        wordFits = false
        break
      case "Atom":
      case "Quoted":
      case "Literal":
        if (!wordFits) separate()
        wordFits = false
        address.push(token)
        at--
        break
      case "Comment":
        pass()
        break
      case ",":
        if (address.length > 0) endAddress()
        wordFits = true
        pass()
        break
      case "@":
      case ".":
      case "<":
        wordFits = true
        address.push(token)
        at--
        break
    }
  }
  if (address.length > 0) endAddress()
  return done(true)
}

/** The tokens of the list again. A list may be long: they are not held a second time. */
export function* tokensOf(items: ReadonlyArray<Item>): Generator<Token> {
  for (const item of items)
    if (item._tag === "Address") yield* item.tokens
    else yield item.token
}

/** The addresses of the list, plain. */
export const addressesOf = (items: ReadonlyArray<Item>): Array<Address> => {
  const addresses: Array<Address> = []
  for (const item of items) if (item._tag === "Address") addresses.push(unquote(item.tokens))
  return addresses
}

const comma: Mark = { _tag: "," }

/** What may stand before an angle bracket without being an address itself. */
const inPhrase: ReadonlySet<Token["_tag"]> = new Set(["Comment", "Atom", "Quoted", "@", "."])
