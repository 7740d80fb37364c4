/**
 * A message of another account that waits for the one owner of a home, as a file of `drop`: a line with its own name,
 * the text, the envelope as in todo/N, and at its end how long both are, with a checksum. A file that is not whole is
 * none; one that was linked to another name is none either.
 */
import { fromChunk, toChunk } from "../Bytes.ts"
import * as Checksum from "../Checksum.ts"
import { type Envelope } from "../envelope/Envelope.ts"
import * as EnvelopeRecords from "../envelope/EnvelopeRecords.ts"
import * as Result from "effect/Result"

export const head = (id: string): Uint8Array => toChunk(`thresher drop 1 ${id}\n`)
export const headBytes = 16 + 32 + 1

export interface Tail {
  readonly textBytes: number
  readonly envelopeBytes: number
  /** Of all that stands before the tail. */
  readonly checksum: number
}

export const formatTail = ({ checksum, envelopeBytes, textBytes }: Tail): Uint8Array =>
  toChunk(`${hex(textBytes, 12)} ${hex(envelopeBytes, 12)} ${hex(checksum, 8)}\n`)
export const tailBytes = 12 + 1 + 12 + 1 + 8 + 1

/** Undefined: this is no whole file of so many bytes. */
export const parseTail = (tail: Uint8Array, fileBytes: number): Tail | undefined => {
  const found = /^([0-9a-f]{12}) ([0-9a-f]{12}) ([0-9a-f]{8})\n$/.exec(fromChunk(tail))
  if (found === null) return undefined
  const [textBytes, envelopeBytes, checksum] = found.slice(1).map((digits) => parseInt(digits, 16))
  const isWhole = headBytes + textBytes! + envelopeBytes! + tailBytes === fileBytes
  return isWhole ? { textBytes: textBytes!, envelopeBytes: envelopeBytes!, checksum: checksum! } : undefined
}

const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, "0")

/** With the rules of qmail-queue: a file written by hand is believed no more than its caller. */
export const parseEnvelope = (records: Uint8Array): Envelope | undefined => {
  const { reading } = EnvelopeRecords.feed(EnvelopeRecords.start, records)
  if (reading._tag !== "Recipient" || reading.recipients === 0) return undefined
  return Result.getOrUndefined(EnvelopeRecords.parse(fromChunk(records)))
}

export const checksumOf = (pieces: ReadonlyArray<Uint8Array>): number => pieces.reduce(Checksum.add, Checksum.start)
