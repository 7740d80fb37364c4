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

type Complete = (address: ReadonlyArray<Token>) => ReadonlyArray<Token>

/** The body of an address field: the tokens after the colon. Each address is what `complete` makes of it. */
export const parse = (tokens: ReadonlyArray<Token>, complete: Complete = (address) => address): AddressList => {
  const pen = leftwards(tokens, complete)
  let inGroup = false
  let wordFits = true
  for (let token = pen.next(); token !== undefined; token = pen.next()) {
    switch (token._tag) {
      case ";":
        pen.separate()
        if (inGroup) return pen.list(false)
        inGroup = true
        wordFits = true
        pen.pass()
        break
      case ":":
        pen.endAddress()
        if (!inGroup) return pen.list(false)
        inGroup = false
        wordFits = true
        pen.passWhile(({ _tag }) => _tag !== ",")
        if (pen.next() !== undefined) pen.pass()
        break
      case ">":
        pen.separate()
        pen.pass()
        pen.takeBracketed()
        if (pen.next() === undefined) return pen.list(false)
        pen.pass()
        pen.passWhile(({ _tag }) => inPhrase.has(_tag))
        wordFits = false
        break
      case "Atom":
      case "Quoted":
      case "Literal":
        if (!wordFits) pen.separate()
        wordFits = false
        pen.take()
        break
      case "Comment":
        pen.pass()
        break
      case ",":
        pen.endAddress()
        wordFits = true
        pen.pass()
        break
      case "@":
      case ".":
      case "<":
        wordFits = true
        pen.take()
        break
    }
  }
  pen.endAddress()
  return pen.list(true)
}

/** Goes through the tokens from right to left and writes down what they are; the address at hand grows leftwards too. */
const leftwards = (tokens: ReadonlyArray<Token>, complete: Complete) => {
  const items: Array<Item> = []
  let address: Array<Token> = []
  let at = tokens.length - 1
  const next = (): Token | undefined => tokens[at]
  const pass = (): void => void items.push({ _tag: "Other", token: tokens[at--]! })
  const take = (): void => void address.push(tokens[at--]!)
  const write = (): void => {
    items.push({ _tag: "Address", tokens: complete(address.reverse()) })
    address = []
  }
  return {
    /** The token that is not yet passed or taken. */
    next,
    /** It belongs to no address. */
    pass,
    passWhile: (fits: (token: Token) => boolean): void => {
      for (let token = next(); token !== undefined && fits(token); token = next()) pass()
    },
    /** It belongs to the address at hand. */
    take,
    /** Up to the opening bracket; an address also if it is empty. */
    takeBracketed: (): void => {
      for (let token = next(); token !== undefined && token._tag !== "<"; token = next()) take()
      write()
    },
    endAddress: (): void => {
      if (address.length > 0) write()
    },
    /** Another address begins, and nobody has written a comma. */
    separate: (): void => {
      if (address.length === 0) return
      write()
      items.push({ _tag: "Other", token: comma })
    },
    list: (whole: boolean): AddressList => ({ items: items.reverse(), complete: whole })
  }
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
