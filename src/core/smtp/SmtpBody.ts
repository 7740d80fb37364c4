/**
 * The message as it travels after DATA: lines end with CR LF, a dot is put before a dot that begins a line, a line
 * with one dot ends it (RFC 5321, 4.5.2). Here it is taken back to line feeds, in chunks cut anywhere.
 *
 * A line feed without CR before it is refused: what one server takes for an end of message another takes for text,
 * and a stranger could smuggle a second message past the first (https://cr.yp.to/docs/smtplf.html). A lone CR is text.
 *
 * From: qmail-smtpd.c, blast.
 */
import { empty } from "../Bytes.ts"

/** What of the line end has been seen. */
export type BodyState = "InLine" | "LineStart" | "Dot" | "DotCr" | "Cr"

export const initial: BodyState = "LineStart"

export interface Decoded {
  readonly state: BodyState
  /** The message text of this chunk; may be a part of the chunk itself. */
  readonly text: Uint8Array
  /** Where the first byte stands that is not the body's: after the final line, or after the line feed that is refused. */
  readonly next: number
  readonly end: "none" | "final dot" | "bare line feed"
}

/** Nearly every byte is inside a line and is copied by a loop that asks only whether it is above CR. */
export const decode = (state: BodyState, chunk: Uint8Array, start: number): Decoded => {
  const out = new Uint8Array(chunk.length - start + heldBytesMax)
  let length = 0
  let at = start
  let now = state
  let end: Decoded["end"] = "none"
  for (; at < chunk.length && end === "none"; at++) {
    const byte = chunk[at]!
    switch (now) {
      case "InLine":
        if (byte === cr) now = "Cr"
        else if (byte === lf) end = "bare line feed"
        else {
          out[length++] = byte
          const stop = plainUntil(chunk, at + 1)
          for (let i = at + 1; i < stop; i++) out[length++] = chunk[i]!
          at = stop - 1
        }
        break
      case "LineStart":
        if (byte === dot) now = "Dot"
        else if (byte === cr) now = "Cr"
        else if (byte === lf) end = "bare line feed"
        else {
          out[length++] = byte
          now = "InLine"
        }
        break
      case "Dot":
        if (byte === cr) now = "DotCr"
        else if (byte === lf) end = "bare line feed"
        else {
          out[length++] = byte
          now = "InLine"
        }
        break
      case "DotCr":
        if (byte === lf) end = "final dot"
        else {
          out[length++] = dot
          out[length++] = cr
          if (byte === cr) now = "Cr"
          else {
            out[length++] = byte
            now = "InLine"
          }
        }
        break
      case "Cr":
        if (byte === lf) {
          out[length++] = lf
          now = "LineStart"
        } else {
          out[length++] = cr
          if (byte !== cr) {
            out[length++] = byte
            now = "InLine"
          }
        }
        break
    }
  }
  return { state: now, text: length === 0 ? empty : out.subarray(0, length), next: at, end }
}

const plainUntil = (chunk: Uint8Array, from: number): number => {
  let at = from
  while (at < chunk.length) {
    const byte = chunk[at]!
    if (byte <= cr && (byte === cr || byte === lf)) break
    at++
  }
  return at
}

const lf = 10
const cr = 13
const dot = 46

/** `.` CR, held back from the chunk before. */
const heldBytesMax = 2
