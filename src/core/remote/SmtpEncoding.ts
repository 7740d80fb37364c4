/**
 * A stored message as SMTP sends it: lines end with CR LF, a dot at the start of a line is doubled, and a line of a
 * single dot ends it (RFC 5321, 4.5.2). A stored CR LF counts as one line end.
 *
 * A CR alone becomes a line end too, and what follows it is the start of a line, dot and all. qmail-remote of notqmail
 * 1.09 (blast()) forgets the dot there, so that the author of a message could end the data himself and go on with
 * commands of his own.
 */

import type { BareCr } from "./RemoteSettings.ts"

export interface Encoder {
  readonly bareCr: BareCr
  readonly place: Place
  /** Encoded and not yet to be sent: the output of a message that ends within a line stops at a full buffer. */
  readonly held: Uint8Array
}

/** Where the next byte stands. The three `cr` places hold a CR back until it is known what follows. */
type Place =
  | "lineStart"
  | "inLine"
  | "cr" /* a CR in or at the start of a line */
  | "afterCr" /* classic only: at the line start that a CR alone has made */
  | "crAfterCr" /* classic only: a CR there */

export interface Encoded {
  readonly encoder: Encoder
  readonly bytes: Uint8Array
}

export const start = (bareCr: BareCr): Encoder => ({ bareCr, place: "lineStart", held: new Uint8Array(0) })

/** Undefined: the message holds a CR without LF, and such messages are refused. */
export const feed = (encoder: Encoder, chunk: Uint8Array): Encoded | undefined => {
  const { bareCr, held } = encoder
  const out = new Uint8Array(held.length + 2 * chunk.length + 2)
  out.set(held)
  let end = held.length
  let place = encoder.place
  for (let i = 0; i < chunk.length; i++) {
    let byte = chunk[i]!
    if (place === "inLine") {
      while (byte > CR && ++i < chunk.length) {
        out[end++] = byte
        byte = chunk[i]!
      }
      if (i === chunk.length) {
        out[end++] = byte
        break
      }
    }
    if (byte === LF) {
      if (place === "crAfterCr") out[end++] = CR
      out[end++] = CR
      out[end++] = LF
      place = "lineStart"
      continue
    }
    if (place === "cr" || place === "crAfterCr") {
      if (bareCr === "refuse") return undefined
      const asItIs = place === "crAfterCr" && byte !== DOT
      out[end++] = CR
      if (!asItIs) out[end++] = LF
      place = asItIs ? "inLine" : bareCr === "classic" ? "afterCr" : "lineStart"
    }
    if (byte === CR) {
      place = place === "afterCr" ? "crAfterCr" : "cr"
      continue
    }
    if (byte === DOT && place !== "inLine") out[end++] = DOT
    out[end++] = byte
    place = "inLine"
  }
  const cut = fullBuffers(out, end)
  return { encoder: { bareCr, place, held: out.slice(cut, end) }, bytes: out.subarray(0, cut) }
}

export type End =
  | { readonly _tag: "Ended"; readonly bytes: Uint8Array }
  | { readonly _tag: "PartialLine" }
  | { readonly _tag: "BareCr" }

/** The end of the message: what was held, and the line with the dot. A CR as its last byte is a line end. */
export const finish = ({ bareCr, held, place }: Encoder): End => {
  if (place === "inLine" || place === "crAfterCr") return { _tag: "PartialLine" }
  if (place === "cr" && bareCr === "refuse") return { _tag: "BareCr" }
  const bytes = new Uint8Array(held.length + 5)
  bytes.set(held)
  let end = held.length
  if (place === "cr") {
    bytes[end++] = CR
    bytes[end++] = LF
  }
  bytes[end++] = DOT
  bytes[end++] = CR
  bytes[end++] = LF
  return { _tag: "Ended", bytes: bytes.subarray(0, end) }
}

/**
 * How much of it qmail-remote would have sent: its buffer of 1024 bytes goes out when the next byte, or the next
 * CR LF as a whole, does not fit. A message that turns out to end within a line is cut at such a place.
 */
const fullBuffers = (out: Uint8Array, end: number): number => {
  let at = 0
  for (;;) {
    const full = at + bufferBytes
    if (full >= end) return at
    at = out[full - 1] === CR && out[full] === LF ? full - 1 : full
  }
}

const LF = 10
const CR = 13
const DOT = 46
const bufferBytes = 1024
