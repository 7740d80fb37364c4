/**
 * The constant database: written once as a whole, read by hash. A record is found with two looks at the file.
 * All numbers are 32 bits, little-endian. (wire.md 13; the format of cdb 0.x, as qmail-newu and qmail-newmrh write it.)
 */
import * as Result from "effect/Result"
import { type ByteString, fromChunk } from "../Bytes.ts"

export interface CdbRecord {
  readonly key: ByteString
  readonly data: ByteString
}

/** The data of the first record with this key, undefined if there is none. Fails if the file is no whole database. */
export const find = (file: Uint8Array, key: ByteString): Result.Result<ByteString | undefined, "corrupt"> => {
  if (file.length < headerBytes) return Result.fail("corrupt")
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const pair = (at: number): readonly [number, number] | undefined =>
    at + 8 <= file.length ? [view.getUint32(at, true), view.getUint32(at + 4, true)] : undefined
  const hash = hashOf(key)
  const [table, slots] = pair((hash & 255) * 8)!
  for (let tried = 0, slot = slots === 0 ? 0 : (hash >>> 8) % slots; tried < slots; tried++) {
    const entry = pair(table + slot * 8)
    if (entry === undefined) return Result.fail("corrupt")
    const [entryHash, at] = entry
    if (at === 0) return Result.succeed(undefined)
    if (entryHash === hash) {
      const lengths = pair(at)
      if (lengths === undefined) return Result.fail("corrupt")
      const [keyBytes, dataBytes] = lengths
      if (keyBytes === key.length) {
        const start = at + 8 + keyBytes
        if (start > file.length) return Result.fail("corrupt")
        if (fromChunk(file, at + 8, start) === key)
          return start + dataBytes > file.length
            ? Result.fail("corrupt")
            : Result.succeed(fromChunk(file, start, start + dataBytes))
      }
    }
    slot = slot + 1 === slots ? 0 : slot + 1
  }
  return Result.succeed(undefined)
}

/** The records in their order, then the 256 tables in theirs. Fails beyond 4 GiB. */
export const build = (records: ReadonlyArray<CdbRecord>): Result.Result<Uint8Array, "too large"> => {
  let bytes = headerBytes
  for (const { data, key } of records) bytes += 8 + key.length + data.length + 16
  if (bytes > mostBytes) return Result.fail("too large")
  const file = new Uint8Array(bytes)
  const view = new DataView(file.buffer)
  let at = 0
  const number = (value: number): void => {
    view.setUint32(at, value, true)
    at += 4
  }
  const text = (value: ByteString): void => {
    for (let i = 0; i < value.length; i++) file[at++] = value.charCodeAt(i)
  }

  const tables: ReadonlyArray<Array<Entry>> = Array.from({ length: 256 }, () => [])
  at = headerBytes
  for (const { data, key } of records) {
    const hash = hashOf(key)
    tables[hash & 255]!.push({ hash, at })
    number(key.length)
    number(data.length)
    text(key)
    text(data)
  }
  for (const [index, entries] of tables.entries()) {
    const slots = entries.length * 2
    view.setUint32(index * 8, at, true)
    view.setUint32(index * 8 + 4, slots, true)
    for (const { at: position, hash } of entries) {
      let slot = (hash >>> 8) % slots
      while (view.getUint32(at + slot * 8 + 4, true) !== 0) slot = slot + 1 === slots ? 0 : slot + 1
      view.setUint32(at + slot * 8, hash, true)
      view.setUint32(at + slot * 8 + 4, position, true)
    }
    at += slots * 8
  }
  return Result.succeed(file)
}

interface Entry {
  readonly hash: number
  readonly at: number
}

/** h = h * 33 XOR byte, modulo 2^32. */
const hashOf = (key: ByteString): number => {
  let hash = 5381
  for (let i = 0; i < key.length; i++) hash = (((hash << 5) + hash) ^ key.charCodeAt(i)) >>> 0
  return hash
}

const headerBytes = 2048
const mostBytes = 0xffff_ffff
