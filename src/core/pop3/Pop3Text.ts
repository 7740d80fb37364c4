/**
 * A stored message as POP3 sends it, in chunks cut anywhere: CR before each line feed, a dot before a dot that
 * begins a line. An additional empty line comes before the final dot, since a partial last line could not be told
 * from a whole one otherwise. (qmail-pop3d.c, blast)
 */
import { concat, toChunk } from "../Bytes.ts"

export interface TextState {
  readonly inHeader: boolean
  /** Lines of the body that may still be sent. */
  readonly linesLeft: number
  readonly atLineStart: boolean
}

/** `bodyLines`: Infinity for a whole message. */
export const start = (bodyLines: number): TextState => ({ inHeader: true, linesLeft: bodyLines, atLineStart: true })

export interface Encoded {
  readonly state: TextState
  readonly bytes: Uint8Array
  /** As many lines as were asked for have been sent. */
  readonly isEnough: boolean
}

export const encode = (state: TextState, chunk: Uint8Array): Encoded => {
  let { atLineStart, inHeader, linesLeft } = state
  const pieces: Array<Uint8Array> = []
  const made = (isEnough: boolean): Encoded => ({
    state: { atLineStart, inHeader, linesLeft },
    bytes: concat(pieces),
    isEnough
  })
  for (let at = 0; at < chunk.length;) {
    if (atLineStart) {
      if (!inHeader && linesLeft === 0) return made(true)
      if (!inHeader) linesLeft--
      if (chunk[at] === lf) inHeader = false
      if (chunk[at] === dot) pieces.push(dotBytes)
    }
    const lineFeed = chunk.indexOf(lf, at)
    atLineStart = lineFeed >= 0
    pieces.push(chunk.subarray(at, atLineStart ? lineFeed : chunk.length))
    if (atLineStart) pieces.push(lineEnd)
    at = atLineStart ? lineFeed + 1 : chunk.length
  }
  return made(false)
}

/** What ends the message. */
export const end = ({ atLineStart }: TextState): Uint8Array => (atLineStart ? finalDot : concat([lineEnd, finalDot]))

const lf = 10
const dot = 46
const dotBytes = toChunk(".")
const lineEnd = toChunk("\r\n")
const finalDot = toChunk("\r\n.\r\n")
