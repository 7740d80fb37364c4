/** The three readers of control files: one line, one number, a list. (qmail's control.c) */
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { untilNul } from "../address/Address.ts"
import { type ByteString, trimEndBlanks } from "../Bytes.ts"

/** The first line, without trailing spaces, tabs and line feeds. An empty file is an empty value. */
export const line = (content: ByteString): ByteString => {
  const end = content.indexOf("\n")
  return (end < 0 ? content : content.slice(0, end)).replace(/[ \t\n]+$/, "")
}

/** No digit at the start: as if the file were missing. Too large: refused. */
export const integer = (content: ByteString): Result.Result<Option.Option<number>, string> => {
  const digits = /^[0-9]+/.exec(line(content))
  if (digits === null) return Result.succeed(Option.none())
  const value = Number(digits[0])
  return Number.isSafeInteger(value)
    ? Result.succeed(Option.some(value))
    : Result.fail(`number too large: ${digits[0].slice(0, 40)}`)
}

/** Every line without trailing blanks; empty lines and lines that begin with `#` are left out. */
export const lines = (content: ByteString): ReadonlyArray<ByteString> => {
  const entries: Array<ByteString> = []
  for (const raw of content.split("\n")) {
    const entry = trimEndBlanks(raw)
    if (entry !== "" && entry[0] !== "#") entries.push(entry)
  }
  return entries
}

/** In memory qmail ends an entry with NUL: one in a line ends an entry too, and a line that begins with it is empty. */
export const list = (content: ByteString): ReadonlyArray<ByteString> =>
  lines(content).flatMap((entry) => (entry[0] === "\0" ? [] : entry.split("\0")))

/** Homes of our own: a line ends at a NUL, which no address may have. In qmail's it ends where the line is used. */
export const lineOf = (content: ByteString, classic: boolean): ByteString =>
  classic ? line(content) : line(untilNul(content))

/** Homes of our own: no NUL makes an empty entry. */
export const listOf = (content: ByteString, classic: boolean): ReadonlyArray<ByteString> =>
  classic ? list(content) : whole(list(content))

/** What a list without a file makes of control/me. */
export const listOfMe = (me: ByteString, classic: boolean): ReadonlyArray<ByteString> =>
  classic ? me.split("\0") : whole(me.split("\0"))

const whole = (entries: ReadonlyArray<ByteString>): ReadonlyArray<ByteString> =>
  entries.map(trimEndBlanks).filter((entry) => entry !== "")
