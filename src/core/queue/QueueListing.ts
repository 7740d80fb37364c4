/** What qmail-qread and qmail-qstat print. (qmail-qread.c; qmail-qstat) */
import { type ByteString, isPrintable, replaceUnless } from "../Bytes.ts"
import * as EnvelopeRecords from "../envelope/EnvelopeRecords.ts"
import { type Errno, systemText } from "../Outcome.ts"
import type { Channel } from "../route/Channel.ts"
import { date822 } from "../Time.ts"
import type { MessageNumber } from "./MessageNumber.ts"

export interface MessageFacts {
  readonly id: MessageNumber
  /** The size of mess/N. */
  readonly bytes: number
  /** The mtime of info/N in seconds since 1970. */
  readonly birth: number
  /** The content of info/N. */
  readonly info: ByteString
  readonly isBouncing: boolean
}

export const message = ({ birth, bytes, id, info, isBouncing }: MessageFacts): ByteString => {
  const nul = info.indexOf("\0")
  const sender = info.slice(1, nul < 0 ? undefined : nul)
  const date = date822(birth).replace(/ -0000$/, "")
  return `${date} GMT  #${id}  ${bytes}  <${safe(sender)}> ${isBouncing ? " bouncing" : ""}\n`
}

/** `content` is a local or remote file; records of other kinds are passed over. */
export const recipients = (channel: Channel, content: ByteString): ByteString =>
  EnvelopeRecords.records(content)
    .filter(({ letter }) => letter === "T" || letter === "D")
    .map(({ letter, value }) => `${letter === "D" ? "  done" : ""}\t${channel}\t${safe(value)}\n`)
    .join("")

export const trouble = (id: MessageNumber, errno: Errno): ByteString =>
  `warning: trouble with #${id}: ${systemText(errno)}\n`

export const totals = (messages: number, unprocessed: number): ByteString =>
  `messages in queue: ${messages}\nmessages in queue but not yet preprocessed: ${unprocessed}\n`

const safe = (text: ByteString): ByteString => replaceUnless(text, isPrintable, "_")
