/**
 * What editors of other systems leave in a file that is written by hand: a byte order mark, UTF-16, CR before the line
 * ends. No program of qmail's knows any of them: they are a part of what is written.
 */
import { type ByteString, trimEndBlanks } from "../Bytes.ts"
import { error, type Finding, warning } from "./Finding.ts"

export interface Line {
  /** Counted from 1. */
  readonly number: number
  readonly text: ByteString
}

/** The last line may lack its line feed. */
export const numbered = (content: ByteString): ReadonlyArray<Line> => {
  const lines = content.split("\n")
  if (lines.at(-1) === "") lines.pop()
  return lines.map((text, i) => ({ number: i + 1, text }))
}

/** Every other byte of plain text is a NUL there. */
export const isUtf16 = (content: ByteString): boolean =>
  /^(\xff\xfe|\xfe\xff)/.test(content) || /^(?:[^\0]\0){2,}|^(?:\0[^\0]){2,}/.test(content)

export const byteOrderMark: ByteString = "\xef\xbb\xbf"

/** The encoding of the whole; nothing else need be said of UTF-16. */
export const encodingFindings = (file: ByteString, content: ByteString): ReadonlyArray<Finding> => {
  if (isUtf16(content)) return [error(file, "is UTF-16 text, of which nothing is understood: save it as UTF-8")]
  return content.startsWith(byteOrderMark)
    ? [warning(file, "begins with a byte order mark, which is part of the value: save it without", 1)]
    : []
}

/** Lines that end in CR LF. `isRead`: lines that mean anything. */
export const lineEndFindings = (
  file: ByteString,
  content: ByteString,
  what = "which is part of the value",
  isRead: (text: ByteString) => boolean = () => true
): ReadonlyArray<Finding> =>
  numbered(content)
    .filter(({ text }) => endsInReturn(text) && isRead(text))
    .map(({ number }) => warning(file, `ends with a carriage return, ${what}`, number))

export const endsInReturn = (line: ByteString): boolean => trimEndBlanks(line).endsWith("\r")

/** As it was meant: what the other checks look at, once this has been said. */
export const cleaned = (content: ByteString): ByteString =>
  (content.startsWith(byteOrderMark) ? content.slice(byteOrderMark.length) : content).replace(/\r[ \t]*$/gm, "")
