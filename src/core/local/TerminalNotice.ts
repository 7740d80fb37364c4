/** Two lines on the terminal of a user whose mail has come, and the list of who is logged in where. (qbiff.c) */
import { type ByteString, empty, fromChunk, isPrintable, replaceUnless } from "../Bytes.ts"
import * as HeaderField from "../header/HeaderField.ts"
import * as MessageSplitter from "../header/MessageSplitter.ts"

/** The contents of Subject fields, then the body: as much of it as fits. */
export interface Excerpt {
  readonly splitter: MessageSplitter.Splitter
  readonly text: ByteString
  /** Bytes that are wanted. */
  readonly most: number
}

export const excerpt = (most: number): Excerpt => ({ splitter: MessageSplitter.initial, text: "", most })

export const feed = (so: Excerpt, chunk: Uint8Array): Excerpt => added(so, MessageSplitter.feed(so.splitter, chunk))

export const finish = (so: Excerpt): ByteString => added(so, MessageSplitter.finish(so.splitter)).text

/** Nothing that follows will be seen. */
export const isFull = ({ most, splitter, text }: Excerpt): boolean => splitter.part === "body" && text.length >= most

const added = (so: Excerpt, { body, fields, splitter }: MessageSplitter.Split): Excerpt => {
  const subjects = fields.filter((field) => HeaderField.known(field) === "subject").map(HeaderField.bodyOf)
  const start = body.length > 0 ? fromChunk(body, 0, Math.min(body.length, so.most)) : fromChunk(empty)
  return { ...so, splitter, text: (so.text + subjects.join("") + start).slice(0, so.most) }
}

/** What is written to the terminal; nothing in it can be a command to the terminal. */
export const notice = (local: ByteString, sender: ByteString, text: ByteString): ByteString => {
  const first = replaceUnless(`*** TO <${local}> FROM <${sender}>`, isPrintable, "_")
  const second = replaceUnless(`    ${text}`.slice(0, noticeBytesMax), isPrintable, "/")
  return `\r\n\x07${first}\r\n${second}\r\n`
}

export const noticeBytesMax = 78

/** Names below /dev of the terminals on which `user` is logged in. `records`: the system's utmp (Linux). */
export const terminalsOf = (user: ByteString, records: Uint8Array): ReadonlyArray<ByteString> => {
  if (user.length > utmpNameBytes) return []
  const found: Array<ByteString> = []
  for (let at = 0; at + utmpRecordBytes <= records.length; at += utmpRecordBytes) {
    if (records[at] !== userProcess) continue
    if (stringAt(records, at + utmpUserAt, utmpNameBytes) !== user) continue
    const line = stringAt(records, at + utmpLineAt, utmpNameBytes)
    if (line !== "" && line[0] !== "/" && !line.includes(".")) found.push(line)
  }
  return found
}

const stringAt = (records: Uint8Array, at: number, bytes: number): ByteString => {
  const end = records.subarray(at, at + bytes).indexOf(0)
  return fromChunk(records, at, at + (end < 0 ? bytes : end))
}

/** utmp(5) of glibc: type, line and user of a record. */
const utmpRecordBytes = 384
const utmpLineAt = 8
const utmpUserAt = 44
const utmpNameBytes = 32
const userProcess = 7

/** A terminal of the user's own on which he said `biff y`, which sets the owner's x bit. */
export const wantsNotice = ({ mode, uid }: { readonly mode: number; readonly uid: number }, own: number): boolean =>
  uid === own && (mode & 0o100) !== 0
