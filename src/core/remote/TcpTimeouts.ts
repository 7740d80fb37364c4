/**
 * Is this address worth a connection now?
 *
 * A small table remembers which addresses timed out lately. After two timeouts an address is left alone for an hour or
 * more, so that a dead host does not hold up deliveries for a connection timeout each. How long depends on the process,
 * so that not all try again at once.
 *
 * From: tcpto.c; queue.md 7. lock/tcpto holds IPv4, lock/tcpto6 (ours) IPv6.
 */
import * as IpAddress from "../address/IpAddress.ts"
import type { ByteString } from "../Bytes.ts"
import type { Errno } from "../Outcome.ts"

/** How records lie in a file. */
export interface Layout {
  readonly addressBytes: number
  readonly recordBytes: number
  readonly countAt: number
  /** 32 bits, little-endian. */
  readonly timeAt: number
}

export const layoutV4: Layout = { addressBytes: 4, recordBytes: 16, countAt: 4, timeAt: 8 }
export const layoutV6: Layout = { addressBytes: 16, recordBytes: 32, countAt: 16, timeAt: 24 }
export const layoutOf = (address: IpAddress.IpAddress): Layout => (address.length === 4 ? layoutV4 : layoutV6)

/** Records of a file, and how many bytes it takes. */
export const recordCount = 64
export const fileBytes = (layout: Layout): number => recordCount * layout.recordBytes

/** One record to be written in place. */
export interface Change {
  readonly position: number
  readonly bytes: Uint8Array
}

/** What a clock that has been set back since has written counts only in a qmail home: it would count until then. */
export const shouldSkip = (
  table: Uint8Array,
  address: IpAddress.IpAddress,
  now: number,
  pid: number,
  classic = false
): boolean => {
  const layout = layoutOf(address)
  const at = find(table, layout, address)
  if (at === undefined || countOf(table, layout, at) < countToSkip) return false
  const age = now - timeAt(table, layout, at)
  return (age >= 0 || classic) && age < (leastMinutes + (pid & 31)) * 64
}

/** What a connection that could not be made says about its address. */
export type Failure =
  | "TimedOut"
  /** Refused, reset or unreachable: that was said at once, and is no reason to leave the address alone. */
  | "Answered"
  /** Nobody was asked: this host is short of something. */
  | "NotAsked"

/** `tcpto_err(ip, errno == error_timeout)` of qmail-remote.c; it stops where there is no socket. */
export const failure = (errno: Errno): Failure =>
  errno === "ETIMEDOUT" ? "TimedOut" : ourLack.has(errno) ? "NotAsked" : "Answered"

/** After a connection, or a failure that was an answer. Undefined: nothing to write. */
export const afterSuccess = (table: Uint8Array, address: IpAddress.IpAddress): Change | undefined => {
  const layout = layoutOf(address)
  const at = find(table, layout, address)
  return at === undefined || countOf(table, layout, at) === 0
    ? undefined
    : change(table, layout, at, (record) => {
        record[layout.countAt] = 0
      })
}

export const afterTimeout = (
  table: Uint8Array,
  address: IpAddress.IpAddress,
  now: number,
  classic = false
): Change | undefined => {
  const layout = layoutOf(address)
  const known = find(table, layout, address)
  if (known !== undefined) {
    const count = countOf(table, layout, known)
    const age = now - timeAt(table, layout, known)
    if (count !== 0 && age < leastGap && (age >= 0 || classic)) return undefined
    return change(table, layout, known, (record) => {
      record[layout.countAt] = Math.min(count + 1, mostCount)
      writeTime(record, layout, now)
    })
  }
  const at = place(table, layout)
  return at === undefined
    ? undefined
    : change(table, layout, at, (record) => {
        record.set(address)
        record[layout.countAt] = 1
        writeTime(record, layout, now)
      })
}

export interface Entry {
  readonly address: IpAddress.IpAddress
  readonly count: number
  /** Seconds since 1970, modulo 2^32. */
  readonly time: number
}

/** Addresses with at least one timeout, in the order of the file. */
export const entries = (table: Uint8Array, layout: Layout): ReadonlyArray<Entry> =>
  positions(table, layout)
    .filter((at) => countOf(table, layout, at) > 0)
    .map((at) => ({
      address: [...table.subarray(at, at + layout.addressBytes)],
      count: countOf(table, layout, at),
      time: timeAt(table, layout, at)
    }))

/** One line of qmail-tcpto. A time in the future is an age near 2^64, as it is there. */
export const describe = ({ address, count, time }: Entry, now: number): ByteString =>
  `${IpAddress.format(address)} timed out ${BigInt.asUintN(64, BigInt(now - time))} seconds ago; ` +
  `# recent timeouts: ${count}\n`

/** A record that says nothing, or else the one whose last timeout, weighed by their number, is the oldest. */
const place = (table: Uint8Array, layout: Layout): number | undefined => {
  const all = positions(table, layout)
  const weight = (at: number): number => timeAt(table, layout, at) + countOf(table, layout, at) * 1024
  return (
    all.find((at) => countOf(table, layout, at) === 0) ??
    all.reduce<number | undefined>(
      (best, at) => (best === undefined || weight(at) < weight(best) ? at : best),
      undefined
    )
  )
}

const positions = (table: Uint8Array, { recordBytes }: Layout): ReadonlyArray<number> =>
  Array.from({ length: Math.min(Math.floor(table.length / recordBytes), recordCount) }, (_, i) => i * recordBytes)

const find = (table: Uint8Array, layout: Layout, address: IpAddress.IpAddress): number | undefined => {
  const records = Math.min(Math.floor(table.length / layout.recordBytes), recordCount)
  for (let i = 0; i < records; i++) {
    const at = i * layout.recordBytes
    let same = 0
    while (same < address.length && table[at + same] === address[same]) same++
    if (same === address.length) return at
  }
  return undefined
}

const change = (table: Uint8Array, layout: Layout, position: number, edit: (record: Uint8Array) => void): Change => {
  const bytes = table.slice(position, position + layout.recordBytes)
  edit(bytes)
  return { position, bytes }
}

/** Signed, as C's char is there: 128 and more, which only a damaged file holds, count as less than none. */
const countOf = (table: Uint8Array, { countAt }: Layout, at: number): number => (table[at + countAt]! << 24) >> 24

const timeAt = (table: Uint8Array, { timeAt }: Layout, at: number): number =>
  table[at + timeAt]! +
  table[at + timeAt + 1]! * 0x100 +
  table[at + timeAt + 2]! * 0x10000 +
  table[at + timeAt + 3]! * 0x1000000

const writeTime = (record: Uint8Array, { timeAt }: Layout, time: number): void => {
  for (let i = 0; i < 4; i++) record[timeAt + i] = Math.floor(time / 2 ** (8 * i)) & 255
}

const ourLack: ReadonlySet<Errno> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"])
/** One timeout may be chance. */
const countToSkip = 2
const mostCount = 10
/** "Minutes" of 64 seconds. */
const leastMinutes = 60
/** Deliveries that waited side by side count as one timeout, in seconds. */
const leastGap = 120
