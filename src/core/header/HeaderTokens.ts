/** Header text to tokens and back, to RFC 822 as token822.c reads it. Lines are folded after commas only. */
import * as Result from "effect/Result"
import type { ByteString } from "../Bytes.ts"
import { isWord, type Mark, type Token, type Word } from "./HeaderToken.ts"

/** A comment, string or literal that does not end, or an end without a beginning, at this byte. */
export interface Refusal {
  readonly offset: number
}

/**
 * A text, and where each of its tokens begins: what a token is, its first byte tells. So a list of many megabytes is held
 * as numbers, and a token is made where it is looked at.
 */
export interface TokenRow {
  readonly text: ByteString
  readonly starts: ReadonlyArray<number>
}

export const scan = (text: ByteString): Result.Result<TokenRow, Refusal> => {
  const starts: Array<number> = []
  for (let at = 0; at < text.length;) {
    const first = text.charCodeAt(at)
    if (isBlank(first)) {
      at++
      continue
    }
    const end = markOf[first] === undefined ? wordEnd(text, at) : at + 1
    if (end === undefined) return Result.fail({ offset: at })
    starts.push(at)
    at = end
  }
  return Result.succeed({ text, starts })
}

/** `Atom` is also said of a word that will be written between quotation marks. */
export const tagAt = ({ starts, text }: TokenRow, index: number): Token["_tag"] =>
  tagOf[text.charCodeAt(starts[index]!)] ?? "Atom"

export const tokenAt = ({ starts, text }: TokenRow, index: number): Token => {
  const start = starts[index]!
  return markOf[text.charCodeAt(start)] ?? wordAt(text, start)
}

export const parse = (text: ByteString): Result.Result<ReadonlyArray<Token>, Refusal> =>
  Result.map(scan(text), (row) => row.starts.map((_, index) => tokenAt(row, index)))

/** One or more lines, each with its line feed; see `fold`. */
export const format = (tokens: Iterable<Token>, width: number): ByteString => {
  const items: Array<ByteString> = []
  let item = ""
  let last: Token | undefined
  for (const token of tokens) {
    if (last !== undefined && needSpace(last._tag, token._tag)) item += " "
    item += written(token)
    if (token._tag === ",") {
      items.push(item)
      item = ""
    }
    last = token
  }
  items.push(item)
  return fold(items, width)
}

/**
 * Lines of what is written between commas, each with its comma. `width` is that of qmail-inject, 80: a line that holds
 * more than one item has at most `width` - 2 bytes. 0: never folded. An item is never broken.
 */
export const fold = (items: ReadonlyArray<ByteString>, width: number): ByteString => {
  const lines: Array<ByteString> = []
  let line: ByteString | undefined
  for (const item of items)
    if (line === undefined) line = item
    else if (width === 0 || line.length + item.length + 2 <= width) line += item
    else {
      lines.push(line)
      line = ` ${item}`
    }
  lines.push(line ?? "")
  return `${lines.join("\n")}\n`
}

/** Does a blank stand between the two? */
export const needSpace = (left: Token["_tag"], right: Token["_tag"]): boolean =>
  left === ":" || left === "," || right === "<" || (left.length > 1 && right.length > 1)

export const written = (token: Token): ByteString => {
  if (!isWord(token)) return token._tag
  const { _tag, text } = token
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

/** As a plain address, for an envelope: no quoting, no comments, nothing between the tokens. */
export const unquote = (tokens: ReadonlyArray<Token>): ByteString => {
  let text = ""
  for (const token of tokens)
    if (!isWord(token)) text += token._tag
    else if (token._tag === "Literal") text += `[${token.text}]`
    else if (token._tag !== "Comment") text += token.text
  return text
}

/** Where the next token may begin; undefined: the word has no end, or is an end itself. */
const wordEnd = (text: ByteString, start: number): number | undefined => {
  switch (text[start]) {
    case '"':
      return enclosedEnd(text, start, '"')
    case "[":
      return enclosedEnd(text, start, "]")
    case "(":
      return enclosedEnd(text, start, ")", "(")
    case ")":
    case "]":
      return undefined
    default:
      return atomEnd(text, start)
  }
}

/** A backslash makes an ordinary byte of the next one, also of the enclosing ones. Only comments nest. */
const enclosedEnd = (text: ByteString, start: number, closing: string, opening?: string): number | undefined => {
  const [close, open] = [closing.charCodeAt(0), opening?.charCodeAt(0)]
  let level = 1
  for (let at = start + 1; at < text.length; at++) {
    const byte = text.charCodeAt(at)
    if (byte === backslash) at++
    else if (byte === open) level++
    else if (byte === close && --level === 0) return at + 1
  }
  return undefined
}

/** Runs to a blank or the beginning of another token. */
const atomEnd = (text: ByteString, start: number): number => {
  let at = start
  do at += text.charCodeAt(at) === backslash ? 2 : 1
  while (at < text.length && !endsAtom[text.charCodeAt(at)])
  return Math.min(at, text.length)
}

const wordAt = (text: ByteString, start: number): Word => {
  const end = wordEnd(text, start) ?? text.length
  const _tag = tagOf[text.charCodeAt(start)] as Word["_tag"] | undefined
  if (_tag !== undefined) return { _tag, text: resolved(text.slice(start + 1, end - 1), _tag === "Comment") }
  const content = resolved(text.slice(start, end), false)
  // With bytes that no atom may hold it is a quoted string.
  return { _tag: notInAtom.test(content) ? "Quoted" : "Atom", text: content }
}

/** Without the backslashes, and, in a comment, without inner parentheses. */
const resolved = (raw: ByteString, isComment: boolean): ByteString => {
  if (isComment) return inComment.test(raw) ? raw.replace(inCommentAll, "$1") : raw
  return raw.includes("\\") ? raw.replace(/\\([^]?)/g, "$1") : raw
}

const isBlank = (byte: number): boolean => byte === 32 || byte === 9 || byte === 13 || byte === 10

const perByte = <A>(entries: ReadonlyArray<readonly [string, A]>): ReadonlyArray<A | undefined> => {
  const found = new Map(entries.map(([byte, value]) => [byte.charCodeAt(0), value]))
  return Array.from({ length: 256 }, (_, byte) => found.get(byte))
}

const marks = ["<", ">", "@", ".", ",", ";", ":"] as const
const markOf: ReadonlyArray<Mark | undefined> = perByte(marks.map((_tag) => [_tag, { _tag }]))
const tagOf: ReadonlyArray<Token["_tag"] | undefined> = perByte<Token["_tag"]>([
  ...marks.map((mark) => [mark, mark] as const),
  ['"', "Quoted"],
  ["[", "Literal"],
  ["(", "Comment"]
])
const endsAtom: ReadonlyArray<boolean | undefined> = perByte([...' \t\r\n(["<>;:@,.'].map((byte) => [byte, true]))
const backslash = 92
const inComment = /[\\()]/
const inCommentAll = /\\([^])|[()]/g
const toEscape = /["[\]()\\\r\n]/
const toEscapeAll = /["[\]()\\\r\n]/g
const notInAtom = /[^ -~]|[)\]\\]/
