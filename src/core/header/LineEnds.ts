/**
 * A text with CR LF at its line ends, as programs for other systems write it, to one with LF. The first line tells: if
 * it ends with LF alone, nothing is changed. A CR that no LF follows stays. Fed in chunks cut anywhere.
 */
import { concat, empty } from "../Bytes.ts"

export interface LineEnds {
  readonly kind: "unknown" | "LF" | "CR LF"
  /** The last chunk ended with a CR, which is given with the next one. */
  readonly held: boolean
}

/** In a qmail home every text passes as it is. */
export const of = (classic: boolean): LineEnds => (classic ? asTheyAre : { kind: "unknown", held: false })

const asTheyAre: LineEnds = { kind: "LF", held: false }

export interface Converted {
  readonly lineEnds: LineEnds
  readonly bytes: Uint8Array
}

export const feed = (lineEnds: LineEnds, chunk: Uint8Array): Converted => {
  if (lineEnds.kind === "LF" || chunk.length === 0) return { lineEnds, bytes: chunk }
  const given = lineEnds.held ? concat([carriageReturn, chunk]) : chunk
  const kind = lineEnds.kind === "unknown" ? kindOf(given) : lineEnds.kind
  if (kind === "LF") return { lineEnds: asTheyAre, bytes: given }
  const held = given.at(-1) === 13
  return { lineEnds: { kind, held }, bytes: withoutReturns(held ? given.subarray(0, -1) : given) }
}

/** The text has ended; what is still held of it. */
export const finish = ({ held }: LineEnds): Uint8Array => (held ? carriageReturn : empty)

const kindOf = (text: Uint8Array): LineEnds["kind"] => {
  const lineFeed = text.indexOf(10)
  return lineFeed < 0 ? "unknown" : text[lineFeed - 1] === 13 ? "CR LF" : "LF"
}

/** Without each CR that an LF follows. */
const withoutReturns = (text: Uint8Array): Uint8Array => {
  const kept = new Uint8Array(text.length)
  let length = 0
  for (let from = 0; from < text.length;) {
    const at = text.indexOf(13, from)
    const end = at < 0 ? text.length : text[at + 1] === 10 ? at : at + 1
    kept.set(text.subarray(from, end), length)
    length += end - from
    from = at < 0 ? end : at + 1
  }
  return kept.subarray(0, length)
}

const carriageReturn = Uint8Array.of(13)
