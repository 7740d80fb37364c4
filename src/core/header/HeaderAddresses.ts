/**
 * Address lists, to RFC 822 as token822.c reads them: from right to left, because there the end of an address tells
 * what it is. Groups and phrases stay as they are; a comma that is missing between two addresses is put in.
 */
import type { Address } from "../address/Address.ts"
import type { ByteString } from "../Bytes.ts"
import type { Token } from "./HeaderToken.ts"
import { fold, needSpace, tagAt, tokenAt, type TokenRow, unquote, written } from "./HeaderTokens.ts"

export interface AddressList {
  /** Plain, from right to left. */
  readonly addresses: ReadonlyArray<Address>
  /** False: a bracket or a group is not closed or not opened; the list holds what stood to the right of it. */
  readonly complete: boolean
  /** A comma was missing: one was put in, or an address was taken for a part of a group's name; or a group's name was. */
  readonly loose: boolean
  /** The whole text again, cut behind its commas. */
  readonly items: ReadonlyArray<ByteString>
}

/** The tokens of one address, without angle brackets and commas, to those that take their place. */
type Complete = (address: ReadonlyArray<Token>) => ReadonlyArray<Token>

/** The list begins at token `first`; what stands before it is written as it is. */
export const parse = (row: TokenRow, first: number, complete: Complete = (address) => address): AddressList => {
  const pen: Pen = {
    row,
    first,
    complete,
    at: row.starts.length - 1,
    address: [],
    addresses: [],
    items: [],
    item: "",
    right: undefined,
    loose: false
  }
  const isComplete = readList(pen)
  for (let index = first - 1; index >= 0; index--) put(pen, tokenAt(row, index))
  pen.items.push(pen.item)
  return { addresses: pen.addresses, complete: isComplete, loose: pen.loose, items: pen.items.reverse() }
}

/** Undefined if the list is not complete. For `width` see HeaderTokens. */
export const format = ({ complete, items }: AddressList, width: number): ByteString | undefined =>
  complete ? fold(items, width) : undefined

/** Goes through the tokens from right to left and writes down what they are; the address at hand grows leftwards too. */
interface Pen {
  readonly row: TokenRow
  readonly first: number
  readonly complete: Complete
  /** The token that is not yet passed or taken. */
  at: number
  readonly address: Array<Token>
  readonly addresses: Array<Address>
  readonly items: Array<ByteString>
  /** What is written of the item at hand, and what it begins with. */
  item: ByteString
  right: Token["_tag"] | undefined
  loose: boolean
}

const readList = (pen: Pen): boolean => {
  let inGroup = false
  let wordFits = true
  for (let tag = next(pen); tag !== undefined; tag = next(pen)) {
    switch (tag) {
      case ";":
        separate(pen)
        if (inGroup) return false
        inGroup = true
        wordFits = true
        pass(pen)
        break
      case ":":
        endAddress(pen)
        if (!inGroup) return false
        inGroup = false
        wordFits = true
        pass(pen)
        for (let part = next(pen); part !== undefined && part !== ","; part = next(pen)) {
          if (!inPhrase.has(part)) pen.loose = true
          pass(pen)
        }
        if (next(pen) !== undefined) pass(pen)
        break
      case ">":
        separate(pen)
        pass(pen)
        takeBracketed(pen)
        if (next(pen) === undefined) return false
        pass(pen)
        while (inPhrase.has(next(pen))) pass(pen)
        wordFits = false
        break
      case "Atom":
      case "Quoted":
      case "Literal":
        if (!wordFits) separate(pen)
        wordFits = false
        take(pen)
        break
      case "Comment":
        pass(pen)
        break
      case ",":
        endAddress(pen)
        wordFits = true
        pass(pen)
        break
      case "@":
      case ".":
      case "<":
        wordFits = true
        take(pen)
        break
    }
  }
  endAddress(pen)
  pen.loose ||= inGroup
  return true
}

const next = ({ at, first, row }: Pen): Token["_tag"] | undefined => (at < first ? undefined : tagAt(row, at))

const put = (pen: Pen, token: Token): void => {
  const { _tag: tag } = token
  if (tag === ",") {
    pen.items.push(pen.right === undefined ? pen.item : ` ${pen.item}`)
    pen.item = ","
  } else pen.item = written(token) + (pen.right !== undefined && needSpace(tag, pen.right) ? ` ${pen.item}` : pen.item)
  pen.right = tag
}

/** The token belongs to no address. */
const pass = (pen: Pen): void => put(pen, tokenAt(pen.row, pen.at--))

/** The token belongs to the address at hand. */
const take = (pen: Pen): void => void pen.address.push(tokenAt(pen.row, pen.at--))

/** Up to the opening bracket; an address also if it is empty. */
const takeBracketed = (pen: Pen): void => {
  for (let tag = next(pen); tag !== undefined && tag !== "<"; tag = next(pen)) take(pen)
  write(pen)
}

const endAddress = (pen: Pen): void => {
  if (pen.address.length > 0) write(pen)
}

/** Another address begins, and there is no comma. */
const separate = (pen: Pen): void => {
  if (pen.address.length === 0) return
  write(pen)
  put(pen, comma)
  pen.loose = true
}

const write = (pen: Pen): void => {
  const tokens = pen.complete(pen.address.reverse())
  for (let index = tokens.length - 1; index >= 0; index--) put(pen, tokens[index]!)
  pen.addresses.push(unquote(tokens))
  pen.address.length = 0
}

const comma: Token = { _tag: "," }

/** What may stand before an angle bracket without being an address itself. */
const inPhrase: ReadonlySet<Token["_tag"] | undefined> = new Set(["Comment", "Atom", "Quoted", "@", "."])
