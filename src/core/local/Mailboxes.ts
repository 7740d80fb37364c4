/** How a message lies in an mbox file and in a Maildir. (mbox(5), maildir(5), qmail-local.c) */
import { type ByteString, concat, toChunk } from "../Bytes.ts"
import { ctime } from "../Time.ts"

/**
 * Quoting for an mbox, in chunks: `>` before every line that matches `^>*From `, so that no line of a message
 * looks like the beginning of the next one and the quoting can be undone.
 */
export interface Quoting {
  /** At the beginning of a line, or behind nothing but `>`s. */
  readonly isOpen: boolean
  /** Bytes of `From ` held back, as the chunk ended in the middle of it. */
  readonly held: number
  /** The last byte seen was no line feed. */
  readonly isPartial: boolean
}

export const quotingStart: Quoting = { isOpen: true, held: 0, isPartial: false }

/** Inserting the `>` behind the others gives the same line as inserting it before them. */
export const quote = (state: Quoting, chunk: Uint8Array): readonly [Quoting, ReadonlyArray<Uint8Array>] => {
  if (chunk.length === 0) return [state, []]
  const bytes = state.held === 0 ? chunk : concat([fromWord.subarray(0, state.held), chunk])
  const out: Array<Uint8Array> = []
  let { isOpen } = state
  let held = 0
  let written = 0
  for (let at = 0; ;) {
    if (!isOpen) {
      const end = bytes.indexOf(lineFeed, at)
      if (end < 0) break
      at = end + 1
      isOpen = true
    }
    while (bytes[at] === greater) at++
    let matched = 0
    while (matched < fromWord.length && bytes[at + matched] === fromWord[matched]) matched++
    if (matched < fromWord.length && at + matched === bytes.length) {
      held = matched
      break
    }
    if (matched === fromWord.length) {
      out.push(bytes.subarray(written, at), greaterChunk)
      written = at
    }
    isOpen = false
  }
  out.push(bytes.subarray(written, bytes.length - held))
  return [{ isOpen, held, isPartial: bytes[bytes.length - 1] !== lineFeed }, out]
}

/** What is held back, an end for a partial last line, and the empty line after the entry. */
export const quotingEnd = ({ held, isPartial }: Quoting): Uint8Array =>
  toChunk(`${"From ".slice(0, held)}${isPartial ? "\n" : ""}\n`)

/** The From_ line of a message that lay in a Maildir: its sender is known only from its first line. (maildir2mbox.c) */
export const storedFromLine = (firstLine: ByteString, modified: number): ByteString => {
  const start = "Return-Path: <"
  const sender = firstLine.startsWith(start)
    ? firstLine[start.length] === ">"
      ? "MAILER-DAEMON"
      : firstLine.slice(start.length, -2).replace(/[ \t]/g, "-")
    : nobodyKnows
  return `From ${sender} ${ctime(modified)}\n`
}

const nobodyKnows = "X".repeat(3)

const lineFeed = 10
const greater = 62
const greaterChunk = toChunk(">")
const fromWord = toChunk("From ")

/** Part of a Maildir name: neither a path nor the flags of a reader can be read into it. */
export const safeHost = (hostName: ByteString): ByteString =>
  hostName.slice(0, hostBytesMax).replaceAll("/", "\\057").replaceAll(":", "\\072")

export interface NameFacts {
  /** Seconds since 1970. */
  readonly time: number
  readonly microseconds: number
  readonly pid: number
  /** How many deliveries this process made before. */
  readonly count: number
  readonly hostName: ByteString
}

/** For a process that delivers for many: its counter, not the pid, makes names unique. */
export const serverName = ({ count, hostName, microseconds, pid, time }: NameFacts): ByteString =>
  `${time}.M${microseconds}P${pid}Q${count}.${safeHost(hostName)}`

/** As qmail-local names a file; further Maildirs of one delivery count on above every possible pid. */
export const classicName = ({ count, hostName, pid, time }: Omit<NameFacts, "microseconds">): ByteString =>
  `${time}.${pid + count * pidsMax}.${safeHost(hostName)}`

/** Linux numbers processes below 2^22 (PID_MAX_LIMIT). */
const pidsMax = 2 ** 22

const hostBytesMax = 63

/** Files in tmp that nobody has read for so long are leftovers of a crash. Seconds. */
export const staleAfter = 36 * 60 * 60

export const isStale = (accessed: number, now: number): boolean => now > accessed + staleAfter

/** Readers pass over hidden files. */
export const isVisible = (name: ByteString): boolean => name[0] !== "."

export interface Stored {
  /** `new/…` or `cur/…`. */
  readonly name: ByteString
  /** Seconds since 1970. */
  readonly modified: number
  readonly bytes: number
}

/** Oldest first; a message of this very second may have a twin yet to come, and waits. */
export const inOrder = (messages: ReadonlyArray<Stored>, now: number): ReadonlyArray<Stored> =>
  messages
    .filter(({ modified }) => Math.floor(modified) < now)
    .sort((a, b) => Math.floor(a.modified) - Math.floor(b.modified))

/** Most seconds that a Maildir delivery may take. */
export const maildirSecondsMax = 24 * 60 * 60

/** A name that is taken is tried again after a pause, with the new time in it. */
export const nameAttempts = 3
export const nameRetrySeconds = 2

/** Most seconds to wait for the lock of an mbox. */
export const mboxLockSecondsMax = 30
