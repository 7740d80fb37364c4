/**
 * Envelopes as records, each a letter, bytes, and a NUL: on descriptor 1 of qmail-queue (F, then Ts, then one more
 * NUL), and in intd/N and todo/N (u, p, F, then Ts, to the end of the file). From: qmail-queue.c, INTERNALS.
 */
import * as Result from "effect/Result"
import type { Address } from "../address/Address.ts"
import { type ByteString, toChunk } from "../Bytes.ts"
import type { Envelope } from "./Envelope.ts"

/** How far descriptor 1 has been understood. */
export type Reading =
  | { readonly _tag: "Sender" }
  | { readonly _tag: "Address"; readonly recipients: number; readonly bytes: number }
  | { readonly _tag: "Recipient"; readonly recipients: number }
  /** The last NUL was seen; whatever follows is not looked at. */
  | { readonly _tag: "Complete"; readonly recipients: number }
  | { readonly _tag: "Refused"; readonly exitCode: typeof exitTooLong | typeof exitMalformed }

export const start: Reading = { _tag: "Sender" }

export interface Fed {
  readonly reading: Reading
  /** The bytes of the chunk that belong into intd/N: all up to the last NUL or the mistake. */
  readonly records: Uint8Array
}

/** Takes bytes of descriptor 1, cut anywhere. */
export const feed = (reading: Reading, chunk: Uint8Array): Fed => {
  let at = 0
  let now = reading
  while (at < chunk.length && now._tag !== "Complete" && now._tag !== "Refused") {
    if (now._tag === "Address") {
      const nul = chunk.indexOf(0, at)
      const bytes: number = now.bytes + (nul < 0 ? chunk.length : nul + 1) - at
      const isWhole: boolean = nul >= 0 && bytes <= addressBytesMax
      if (!isWhole && bytes >= addressBytesMax) now = { _tag: "Refused", exitCode: exitTooLong }
      else if (isWhole) now = { _tag: "Recipient", recipients: now.recipients }
      else now = { ...now, bytes }
      at = nul < 0 ? chunk.length : nul + 1
      continue
    }
    const letter = chunk[at]
    const wanted = now._tag === "Sender" ? letterF : letterT
    const recipients: number = now._tag === "Sender" ? 0 : now.recipients
    if (letter === wanted) now = { _tag: "Address", recipients: recipients + (now._tag === "Sender" ? 0 : 1), bytes: 0 }
    else if (letter === 0 && now._tag === "Recipient")
      return { reading: { _tag: "Complete", recipients }, records: chunk.subarray(0, at) }
    else return { reading: { _tag: "Refused", exitCode: exitMalformed }, records: chunk.subarray(0, at) }
    at++
  }
  return { reading: now, records: chunk.subarray(0, at) }
}

/** What stands before the envelope in intd/N: who called qmail-queue, and its process id. */
export const head = (uid: number, qp: number): ByteString => `u${uid}\0p${qp}\0`

/** What a caller writes to descriptor 1. An address with a NUL in it cannot be said. */
export const format = ({ recipients, sender }: Envelope): Result.Result<Uint8Array, "an address holds a NUL"> => {
  if (sender.includes("\0") || recipients.some((recipient) => recipient.includes("\0")))
    return Result.fail("an address holds a NUL")
  let text = `F${sender}\0`
  for (const recipient of recipients) text += `T${recipient}\0`
  return Result.succeed(toChunk(text + "\0"))
}

export interface Queued extends Envelope {
  /** 0 where the file does not say. */
  readonly uid: number
  readonly qp: number
}

export interface UnknownRecord {
  readonly letter: ByteString
  /** Bytes before it. */
  readonly offset: number
}

/** The content of todo/N. A record without its NUL at the end is not yet one. (qmail-send.c, todo_do) */
export const parse = (content: ByteString): Result.Result<Queued, UnknownRecord> => {
  let uid = 0
  let qp = 0
  let sender: Address = ""
  const recipients: Array<Address> = []
  for (const { letter, offset, value } of records(content)) {
    if (letter === "T") recipients.push(value)
    else if (letter === "F") sender = value
    else if (letter === "u") uid = leadingDigits(value)
    else if (letter === "p") qp = leadingDigits(value)
    else return Result.fail({ letter, offset })
  }
  return Result.succeed({ uid, qp, sender, recipients })
}

export interface EnvelopeRecord {
  /** One byte, or none in an empty record. */
  readonly letter: ByteString
  readonly value: ByteString
  /** Of the letter, in bytes from the start. */
  readonly offset: number
}

/** Every whole record of a todo, info, local or remote file, in order. */
export const records = (content: ByteString): ReadonlyArray<EnvelopeRecord> => {
  const found: Array<EnvelopeRecord> = []
  for (let offset = 0; ;) {
    const nul = content.indexOf("\0", offset)
    if (nul < 0) return found
    found.push({
      letter: content.slice(offset, Math.min(offset + 1, nul)),
      value: content.slice(offset + 1, nul),
      offset
    })
    offset = nul + 1
  }
}

const leadingDigits = (text: ByteString): number => Number(/^[0-9]*/.exec(text)![0])

const letterF = 70
const letterT = 84

/** With its NUL. The manual says 1000; the code allows this. (qmail-queue.c, ADDR) */
export const addressBytesMax = 1003

/** An address is too long. */
export const exitTooLong = 11
/** Not an envelope. */
export const exitMalformed = 91
