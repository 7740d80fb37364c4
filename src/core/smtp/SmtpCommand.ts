/**
 * The command lines of a client: cut at line feeds, whatever the chunks; then verb and argument. (commands.c)
 *
 * A carriage return before the line feed belongs to the line end. A NUL ends the line.
 */
import { type ByteString, fromChunk, lower } from "../Bytes.ts"

export interface SmtpCommand {
  /** In lower case. */
  readonly verb: ByteString
  /** Without leading spaces. */
  readonly argument: ByteString
}

export const parse = (line: ByteString): SmtpCommand => {
  const nul = line.indexOf("\0")
  const text = nul < 0 ? line : line.slice(0, nul)
  const space = text.indexOf(" ")
  if (space < 0) return { verb: lower(text), argument: "" }
  let start = space
  while (text[start] === " ") start++
  return { verb: lower(text.slice(0, space)), argument: text.slice(start) }
}

/** What has come of the current line. Nothing is kept of a line that is too long. */
export interface Partial {
  readonly text: ByteString
  readonly tooLong: boolean
}

export const noPartial: Partial = { text: "", tooLong: false }

export type LineRead =
  | { readonly _tag: "Unfinished"; readonly partial: Partial }
  /** `next` is where the following line begins. */
  | { readonly _tag: "Line"; readonly text: ByteString; readonly next: number }
  | { readonly _tag: "TooLong"; readonly next: number }

/** The next line of `chunk` from `start` on, after what earlier chunks had of it. `bytesMax` excludes the line end. */
export const readLine = (partial: Partial, chunk: Uint8Array, start: number, bytesMax: number): LineRead => {
  const lineFeed = chunk.indexOf(10, start)
  const end = lineFeed < 0 ? chunk.length : lineFeed
  const tooLong = partial.tooLong || partial.text.length + end - start > bytesMax + 1
  if (lineFeed < 0)
    return {
      _tag: "Unfinished",
      partial: tooLong ? { text: "", tooLong } : { text: partial.text + fromChunk(chunk, start), tooLong }
    }
  if (tooLong) return { _tag: "TooLong", next: lineFeed + 1 }
  const text = partial.text + fromChunk(chunk, start, end)
  return { _tag: "Line", text: text.endsWith("\r") ? text.slice(0, -1) : text, next: lineFeed + 1 }
}
