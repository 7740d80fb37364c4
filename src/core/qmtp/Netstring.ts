/**
 * Netstrings: `<length>:<bytes>,`. Written from whole strings; read in chunks cut anywhere, the content handed on as
 * it comes, so that a long one is never held. (https://cr.yp.to/proto/netstrings.txt)
 */
import type { ByteString } from "../Bytes.ts"

export const format = (content: ByteString): ByteString => `${content.length}:${content},`

/** qmail reads leading zeros and takes no digits at all for 0; the standard forbids both. */
export type Strictness = "strict" | "lax"

/** A qmail home, or the variable QMAILLAXNETSTRING with any value, keeps to qmail. */
export const strictness = (classic: boolean, variable: ByteString | undefined): Strictness =>
  classic || variable !== undefined ? "lax" : "strict"

/** Where in a netstring the last chunk stopped. */
export type Reader =
  | { readonly _tag: "Length"; readonly digits: number; readonly value: number }
  | { readonly _tag: "Content"; readonly left: number }
  | { readonly _tag: "Comma" }

export const start: Reader = { _tag: "Length", digits: 0, value: 0 }

/** What the next bytes are. `next`: the first byte behind them. */
export type Piece =
  | { readonly _tag: "Unfinished"; readonly reader: Reader; readonly next: number }
  | { readonly _tag: "LengthRead"; readonly length: number; readonly reader: Reader; readonly next: number }
  /** The bytes of the chunk up to `next` are content. */
  | { readonly _tag: "ContentRead"; readonly reader: Reader; readonly next: number }
  | { readonly _tag: "Complete"; readonly next: number }
  | { readonly _tag: "Malformed"; readonly next: number }
  | { readonly _tag: "TooLong"; readonly next: number }

/** Reads on in `chunk` from `at`, never at or beyond `end`. */
export const read = (
  reader: Reader,
  chunk: Uint8Array,
  at: number,
  end: number = chunk.length,
  strictness: Strictness = "lax"
): Piece => {
  if (at >= end) return { _tag: "Unfinished", reader, next: at }
  switch (reader._tag) {
    case "Length":
      return readLength(reader, chunk, at, end, strictness)
    case "Content": {
      const length = Math.min(reader.left, end - at)
      const left = reader.left - length
      return { _tag: "ContentRead", reader: afterLength(left), next: at + length }
    }
    case "Comma":
      return { _tag: chunk[at] === comma ? "Complete" : "Malformed", next: at + 1 }
  }
}

const readLength = (
  reader: Reader & { readonly _tag: "Length" },
  chunk: Uint8Array,
  at: number,
  end: number,
  strictness: Strictness
): Piece => {
  let { digits, value } = reader
  for (let next = at; next < end; next++) {
    const byte = chunk[next]!
    if (byte === colon && (digits > 0 || strictness === "lax"))
      return { _tag: "LengthRead", length: value, reader: afterLength(value), next: next + 1 }
    if (byte < zero || byte > nine || (strictness === "strict" && digits > 0 && value === 0))
      return { _tag: "Malformed", next }
    if (value > lengthMax) return { _tag: "TooLong", next }
    value = value * 10 + byte - zero
    digits++
  }
  return { _tag: "Unfinished", reader: { _tag: "Length", digits, value }, next: end }
}

const afterLength = (left: number): Reader => (left > 0 ? { _tag: "Content", left } : { _tag: "Comma" })

/** No digit may follow a number above this. (qmail-qmtpd.c and qmail-qmqpd.c, getlen) */
const lengthMax = 200_000_000

const zero = 48
const nine = 57
const colon = 58
const comma = 44
