/** Header text to tokens and back, to RFC 822 as token822.c reads it. Lines are folded after commas only. */
import * as Result from "effect/Result"
import type { ByteString } from "../Bytes.ts"
import { isWord, type Mark, type Token, type Word } from "./HeaderToken.ts"

/** A comment, string or literal that does not end, or an end without a beginning, at this byte. */
export interface Refusal {
  readonly offset: number
}

export const parse = (text: ByteString): Result.Result<ReadonlyArray<Token>, Refusal> => {
  const tokens: Array<Token> = []
  for (let at = 0; at < text.length;) {
    const byte = text[at]!
    const mark = marks.get(byte)
    if (mark !== undefined) tokens.push(mark)
    else if (byte === ")" || byte === "]") return Result.fail({ offset: at })
    else if (!blanks.has(byte)) {
      const found = enclosures.has(byte) ? enclosedAt(text, at, enclosures.get(byte)!) : atomAt(text, at)
      if (found === undefined) return Result.fail({ offset: at })
      tokens.push(found.word)
      at = found.end
      continue
    }
    at++
  }
  return Result.succeed(tokens)
}

/**
 * One or more lines, each with its line feed. `width` is that of qmail-inject, 80: a line that holds more than one
 * item has at most `width` - 2 bytes. 0: never folded. An item is never broken.
 */
export const format = (tokens: Iterable<Token>, width: number): ByteString => {
  const lines: Array<ByteString> = []
  let line: ByteString | undefined
  let item = ""
  const endItem = (): void => {
    if (line === undefined) line = item
    else if (width === 0 || line.length + item.length + 2 <= width) line += item
    else {
      lines.push(line)
      line = ` ${item}`
    }
    item = ""
  }
  let last: Token | undefined
  for (const token of tokens) {
    if (last !== undefined && needSpace(last, token)) item += " "
    item += isWord(token) ? written(token) : token._tag
    if (token._tag === ",") endItem()
    last = token
  }
  endItem()
  lines.push(line!)
  return `${lines.join("\n")}\n`
}

/** As a plain address, for an envelope: no quoting, no comments, nothing between the tokens. */
export const unquote = (tokens: ReadonlyArray<Token>): ByteString => {
  let text = ""
  for (const token of tokens)
    if (!isWord(token)) text += token._tag
    else if (token._tag === "Literal") text += `[${token.text}]`
    else if (token._tag !== "Comment") text += token.text
  return text
}

interface Found {
  readonly word: Word
  /** Where the next token may begin. */
  readonly end: number
}

interface Enclosure {
  readonly tag: "Quoted" | "Literal" | "Comment"
  readonly closing: ByteString
  /** Only comments nest. */
  readonly opening?: ByteString
}

/** A backslash makes an ordinary byte of the next one, also of the enclosing ones. */
const enclosedAt = (text: ByteString, start: number, { closing, opening, tag }: Enclosure): Found | undefined => {
  let content = ""
  let plain = start + 1
  let level = 1
  for (let at = start + 1; at < text.length; at++) {
    const byte = text[at]
    if (byte !== "\\" && byte !== closing && byte !== opening) continue
    content += text.slice(plain, at)
    plain = at + 1
    if (byte === "\\") at++
    else if (byte === opening) level++
    else if (--level === 0) return { word: { _tag: tag, text: content }, end: at + 1 }
  }
  return undefined
}

/** Runs to a blank or the beginning of another token. With bytes that no atom may hold it becomes a quoted string. */
const atomAt = (text: ByteString, start: number): Found => {
  let content = ""
  let plain = start
  let at = start
  do {
    if (text[at] === "\\") {
      content += text.slice(plain, at)
      plain = ++at
    }
    at++
  } while (at < text.length && !atomEnds.has(text[at]!))
  const end = Math.min(at, text.length)
  content += text.slice(plain, end)
  return { word: { _tag: notInAtom.test(content) ? "Quoted" : "Atom", text: content }, end }
}

const needSpace = (left: Token, right: Token): boolean =>
  left._tag === ":" || left._tag === "," || right._tag === "<" || (isWord(left) && isWord(right))

const written = ({ _tag, text }: Word): ByteString => {
  const escaped = toEscape.test(text) ? text.replace(toEscapeAll, "\\$&") : text
  switch (_tag) {
    case "Atom":
      return escaped
    case "Quoted":
      return `"${escaped}"`
    case "Literal":
      return `[${escaped}]`
    case "Comment":
      return `(${escaped})`
  }
}

const marks: ReadonlyMap<string, Mark> = new Map(
  (["<", ">", "@", ".", ",", ";", ":"] as const).map((_tag) => [_tag, { _tag }])
)
const enclosures: ReadonlyMap<string, Enclosure> = new Map([
  ['"', { tag: "Quoted", closing: '"' }],
  ["[", { tag: "Literal", closing: "]" }],
  ["(", { tag: "Comment", closing: ")", opening: "(" }]
])
const blanks: ReadonlySet<string> = new Set(" \t\r\n")
const atomEnds: ReadonlySet<string> = new Set(' \t\r\n(["<>;:@,.')
const toEscape = /["[\]()\\\r\n]/
const toEscapeAll = /["[\]()\\\r\n]/g
const notInAtom = /[^ -~]|[)\]\\]/
