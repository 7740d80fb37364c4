/**
 * The fields that a message collects on its way: Date, Received, Delivered-To and Return-Path, each ended by a line
 * feed; and the count of those that are already there, by which a loop is noticed.
 */
import type { Address } from "../address/Address.ts"
import * as AddressQuoting from "../address/AddressQuoting.ts"
import { type ByteString, equalFolded, fromChunk, lower, replaceUnless } from "../Bytes.ts"
import { calendar, date822, months } from "../Time.ts"

export interface NetworkHop {
  /** ESMTP is called SMTP too, as qmail does. */
  readonly protocol: "SMTP" | "QMTP" | "QMQP"
  /** `unknown` where nobody knows; so for the next two. */
  readonly remoteHost: ByteString
  readonly remoteIp: ByteString
  readonly localHost: ByteString
  /** Absent: no identity server was asked. */
  readonly remoteInfo?: ByteString | undefined
  /** Absent: the client said no HELO, or the protocol has none. Shown only where it differs from `remoteHost`. */
  readonly helo?: ByteString | undefined
  /** Seconds since 1970. */
  readonly time: number
}

/** What a network server puts before a message. (received.c) */
export const receivedFromNetwork = (hop: NetworkHop): ByteString => {
  const helo = hop.helo === undefined || equalFolded(hop.helo, hop.remoteHost) ? "" : ` (HELO ${safe(hop.helo)})`
  const info = hop.remoteInfo === undefined ? "" : `${safe(hop.remoteInfo)}@`
  return (
    `Received: from ${safe(hop.remoteHost)}${helo} (${info}${safe(hop.remoteIp)})\n` +
    `  by ${safe(hop.localHost)} with ${hop.protocol}; ${date822(hop.time)}\n`
  )
}

/** On whose behalf qmail-queue runs: the user `alias`, `qmaild` or `qmails`, or anyone else. */
export type QueueOrigin = "by alias" | "from network" | "for bounce" | `by uid ${number}`

export interface QueueHop {
  /** The process id of qmail-queue. */
  readonly pid: number
  readonly origin: QueueOrigin
  /** Seconds since 1970. */
  readonly time: number
}

/** The first line of every message in the queue. (qmail-queue.c, received_setup) */
export const receivedByQueue = ({ origin, pid, time }: QueueHop): ByteString =>
  `Received: (qmail ${pid} invoked ${origin}); ${date822(time)}\n`

/** Delivered-To as its own delivery and its forwards show it: what ends a loop. (qmail-local.c, dtline) */
export const deliveredTo = (recipient: Address, classic: boolean): ByteString =>
  `Delivered-To: ${AddressQuoting.oneLine(recipient, classic)}\n`

/** (qmail-local.c, rpline) */
export const returnPath = (sender: Address, classic: boolean): ByteString =>
  `Return-Path: <${AddressQuoting.oneLine(AddressQuoting.quote2(sender), classic)}>\n`

/**
 * A Date field in the sender's own time, `offset` seconds east of UTC: the only place where a date is not in UTC.
 * (predate.c)
 */
export const localDate = (time: number, offset: number): ByteString => {
  const { day, hour, minute, month, second, year } = calendar(time + offset)
  const minutes = Math.floor((Math.abs(offset) + 30) / 60)
  const clock = [hour, minute, second].map(two).join(":")
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`
  return `Date: ${day} ${months[month]} ${year} ${clock} ${zone}\n`
}

const two = (n: number): string => String(n).padStart(2, "0")

/** How many hops have been seen, and where in a line the last chunk stopped. */
export interface HopCount {
  readonly hops: number
  readonly inHeader: boolean
  /** The first bytes of the current line, as far as they are needed. */
  readonly lineStart: ByteString
}

export const noHops: HopCount = { hops: 0, inHeader: true, lineStart: "" }

/**
 * Counts lines of the header that begin with `received` or `delivered`, in any case and with or without a colon.
 * Fed with the message in chunks cut anywhere; lines end with LF or CR LF. (qmail-smtpd.c, blast)
 */
export const countHops = (count: HopCount, chunk: Uint8Array): HopCount => {
  let { hops, inHeader, lineStart } = count
  for (let at = 0; inHeader && at < chunk.length;) {
    const lineFeed = chunk.indexOf(10, at)
    const end = lineFeed < 0 ? chunk.length : lineFeed + 1
    if (lineStart.length < lineStartBytes) {
      const known = lineStart.length
      const wanted = known > 0 || mayCount.has(chunk[at]!) ? lineStartBytes - known : 1
      lineStart += fromChunk(chunk, at, Math.min(end, at + wanted))
      if (known < 8 && lineStart.length >= 8 && lower(lineStart.slice(0, 8)) === "received") hops++
      if (lineStart.length === lineStartBytes && lower(lineStart) === "delivered") hops++
      inHeader = lineStart !== "\n" && lineStart !== "\r\n"
    }
    if (lineFeed >= 0) lineStart = ""
    at = end
  }
  return { hops, inHeader, lineStart }
}

const lineStartBytes = "delivered".length
/** What a line begins with that counts, or that ends the header. */
const mayCount: ReadonlySet<number> = new Set([..."RrDd\r\n"].map((byte) => byte.charCodeAt(0)))

const safe = (text: ByteString): ByteString => replaceUnless(text, isSafe, "?")

/** What may stand in a Received field without doing harm. (received.c, issafe) */
const isSafe = (byte: number): boolean => /[A-Za-z0-9.@%+/=:[\]-]/.test(String.fromCharCode(byte))
