/**
 * What editors of other systems leave in a file that is written by hand: a byte order mark, UTF-16, CR before the line
 * ends. No program of qmail's knows any of them: they are a part of what is written.
 */
import { type ByteString, trimEndBlanks } from "./Bytes.ts"

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
  /^(\xff\xfe|\xfe\xff)/.test(content) || /^(?:[^\0]\0){3,}$|^(?:\0[^\0]){3,}$/.test(content)

export const byteOrderMark: ByteString = "\xef\xbb\xbf"

export const endsInReturn = (line: ByteString): boolean => trimEndBlanks(line).endsWith("\r")

/** As it was meant. */
export const cleaned = (content: ByteString): ByteString =>
  (content.startsWith(byteOrderMark) ? content.slice(byteOrderMark.length) : content).replace(/\r[ \t]*$/gm, "")
