/**
 * Is this message looping: has its header our own Delivered-To line already?
 *
 * Byte for byte, and only up to the first empty line; a last line without its line feed does not count. The
 * message comes in chunks. (qmail-local.c, bouncexf)
 */
import { type ByteString, toChunk } from "../Bytes.ts"

export interface Scan {
  readonly line: Uint8Array
  /** Bytes of the current line so far. */
  readonly at: number
  /** So far the current line is the line looked for. */
  readonly matches: boolean
  readonly verdict: "looping" | "fine" | "unknown"
}

/** `line`: with its line feed. */
export const begin = (line: ByteString): Scan => ({ line: toChunk(line), at: 0, matches: true, verdict: "unknown" })

export const feed = (scan: Scan, chunk: Uint8Array): Scan => {
  const { line } = scan
  let { at, matches } = scan
  for (let start = 0; start < chunk.length;) {
    const feedAt = chunk.indexOf(lineFeed, start)
    const end = feedAt < 0 ? chunk.length : feedAt + 1
    if (at === 0 && chunk[start] === lineFeed) return { line, at, matches, verdict: "fine" }
    matches &&= at + end - start <= line.length && isSame(line, at, chunk, start, end)
    at += end - start
    start = end
    if (feedAt < 0) break
    if (matches && at === line.length) return { line, at, matches, verdict: "looping" }
    at = 0
    matches = true
  }
  return { line, at, matches, verdict: "unknown" }
}

const isSame = (line: Uint8Array, at: number, chunk: Uint8Array, start: number, end: number): boolean => {
  for (let i = start; i < end; i++) if (chunk[i] !== line[at + i - start]) return false
  return true
}

const lineFeed = 10
