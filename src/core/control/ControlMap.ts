/** Case-blind sets and maps of control files; among equal keys the last line wins. (qmail's constmap.c) */
import { type ByteString, lower } from "../Bytes.ts"

export interface ControlSet {
  readonly has: (key: ByteString) => boolean
}

export interface ControlMap {
  /** Undefined: no such key. The empty string is a value. */
  readonly find: (key: ByteString) => ByteString | undefined
}

export const setOf = (entries: ReadonlyArray<ByteString>): ControlSet => {
  const keys = new Set(entries.map(lower))
  return { has: (key) => keys.has(lower(key)) }
}

/** `key:value`, cut at the first colon; entries without a colon are ignored. */
export const mapOf = (entries: ReadonlyArray<ByteString>): ControlMap => {
  const values = new Map<ByteString, ByteString>()
  for (const entry of entries) {
    const colon = entry.indexOf(":")
    if (colon >= 0) values.set(lower(entry.slice(0, colon)), entry.slice(colon + 1))
  }
  return { find: (key) => values.get(lower(key)) }
}

export const emptySet: ControlSet = setOf([])
export const emptyMap: ControlMap = mapOf([])
