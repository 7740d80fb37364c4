/**
 * local/N and remote/N: a record for each recipient, `T` or `D`, the address, and a NUL. One byte decides: a
 * recipient is done when its T has become a D, so nothing is ever half done. The length of the file never changes.
 *
 * From: qmail-send.c, markdone() and pass_dochan(); INTERNALS.
 */
import type { Address } from "../address/Address.ts"
import { type ByteString, fromChunk } from "../Bytes.ts"

export interface RecipientRecord {
  /** Of its first byte, the one that is overwritten. */
  readonly position: number
  readonly done: boolean
  readonly recipient: Address
}

export interface Piece {
  readonly records: ReadonlyArray<RecipientRecord>
  /** How many bytes they take: reading goes on behind them. */
  readonly consumed: number
  /** A record of another kind follows; nothing behind it is trusted. */
  readonly unknown: boolean
}

/** Reads whole records from a piece of the file that begins at `position`. */
export const parse = (bytes: Uint8Array, position: number): Piece => {
  const records: Array<RecipientRecord> = []
  let at = 0
  for (;;) {
    const nul = bytes.indexOf(0, at)
    if (nul < 0) return { records, consumed: at, unknown: false }
    const letter = bytes[at]
    if (letter !== letterT && letter !== letterD) return { records, consumed: at, unknown: true }
    records.push({ position: position + at, done: letter === letterD, recipient: fromChunk(bytes, at + 1, nul) })
    at = nul + 1
  }
}

export const format = (recipient: Address): ByteString => `T${recipient}\0`

const letterT = 84
const letterD = 68

/** What is written over the T. */
export const doneMark: Uint8Array = Uint8Array.of(letterD)
