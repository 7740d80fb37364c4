/**
 * What is due next: messages by time, and those of the same time in the order in which they came.
 *
 * A binary heap in blocks of 4096 entries of 16 bytes: a million messages take 16 MB, and growing never copies one.
 * This is a large state in the sense of the design: `insert`, `pop`, `remove`, `makeAllDue` and `bringForward` change
 * it, its one owner is the machine that made it, `clone` makes an independent one.
 *
 * From: prioq.c, which has the heap but forgets who came first.
 */
import { EpochSeconds } from "../Time.ts"

/** A message number: decimal digits, below 2^64. */
type Id = string

export interface DueEntry {
  readonly id: Id
  readonly dueAt: EpochSeconds
}

export interface DueQueue {
  size: number
  /** Counts insertions; wraps. */
  turn: number
  readonly blocks: Array<Uint32Array>
}

export const make = (): DueQueue => ({ size: 0, turn: 0, blocks: [] })

export const clone = (queue: DueQueue): DueQueue => ({
  size: queue.size,
  turn: queue.turn,
  blocks: queue.blocks.map((block) => block.slice())
})

export const insert = (queue: DueQueue, id: Id, dueAt: EpochSeconds): void => {
  const at = queue.size++
  if (at >> blockBits >= queue.blocks.length) queue.blocks.push(new Uint32Array(words << blockBits))
  const [high, low] = halves(id)
  put(queue, at, Math.min(Math.max(Math.floor(dueAt), 0), 0xffffffff), queue.turn++ >>> 0, high, low)
  rise(queue, at)
}

/** When the first one is due; undefined if there is none. */
export const firstDue = (queue: DueQueue): EpochSeconds | undefined =>
  queue.size === 0 ? undefined : EpochSeconds(queue.blocks[0]![0]!)

export const pop = (queue: DueQueue): DueEntry | undefined => {
  if (queue.size === 0) return undefined
  const first = entry(queue, 0)
  queue.size--
  if (queue.size > 0) {
    move(queue, queue.size, 0)
    sink(queue)
  }
  // One spare block stays, so that a queue around a boundary does not allocate again and again.
  if (queue.blocks.length > (queue.size >> blockBits) + 2) queue.blocks.pop()
  return first
}

/** Takes some out, wherever they stand. */
export const remove = (queue: DueQueue, ids: ReadonlySet<Id>): void => {
  const before = queue.size
  queue.size = 0
  for (let at = 0; at < before; at++) {
    if (ids.has(entry(queue, at).id)) continue
    // What stays moves up, and the heap is made anew behind us.
    move(queue, at, queue.size)
    rise(queue, queue.size++)
  }
}

/**
 * Everything is due at `now`, in the order of before: a heap whose times are equal keeps its shape. What is due at
 * `limit` or later stays, below everything else as it was.
 */
export const makeAllDue = (queue: DueQueue, now: EpochSeconds, limit = Infinity): void => {
  for (let at = 0; at < queue.size; at++) {
    const block = queue.blocks[at >> blockBits]!
    const word = (at & blockMask) * words
    if (block[word]! < limit) block[word] = now
    block[word + 1] = at
  }
  queue.turn = queue.size
}

/** Everything is due so many seconds sooner, in the same order; what is due at `limit` or later stays as it was. */
export const bringForward = (queue: DueQueue, seconds: number, limit = Infinity): void => {
  for (let at = 0; at < queue.size; at++) {
    const block = queue.blocks[at >> blockBits]!
    const word = (at & blockMask) * words
    if (block[word]! < limit) block[word] = Math.max(0, block[word]! - seconds)
  }
}

/** In no particular order. */
export function* entries(queue: DueQueue): Iterable<DueEntry> {
  for (let at = 0; at < queue.size; at++) yield entry(queue, at)
}

const entry = (queue: DueQueue, at: number): DueEntry => {
  const block = queue.blocks[at >> blockBits]!
  const word = (at & blockMask) * words
  return { id: digits(block[word + 2]!, block[word + 3]!), dueAt: EpochSeconds(block[word]!) }
}

const halves = (id: Id): readonly [high: number, low: number] => {
  if (id.length < 16) {
    const number = Number(id)
    return [Math.floor(number / 0x100000000), number >>> 0]
  }
  const number = BigInt(id)
  return [Number((number >> 32n) & 0xffffffffn), Number(number & 0xffffffffn)]
}

const digits = (high: number, low: number): Id =>
  high < 0x200000 ? String(high * 0x100000000 + low) : String((BigInt(high) << 32n) | BigInt(low))

const put = (queue: DueQueue, at: number, due: number, turn: number, high: number, low: number): void => {
  const block = queue.blocks[at >> blockBits]!
  const word = (at & blockMask) * words
  block[word] = due
  block[word + 1] = turn
  block[word + 2] = high
  block[word + 3] = low
}

const move = (queue: DueQueue, from: number, to: number): void => {
  const block = queue.blocks[from >> blockBits]!
  const word = (from & blockMask) * words
  put(queue, to, block[word]!, block[word + 1]!, block[word + 2]!, block[word + 3]!)
}

const isBefore = (queue: DueQueue, a: number, b: number): boolean => {
  const blockA = queue.blocks[a >> blockBits]!
  const blockB = queue.blocks[b >> blockBits]!
  const wordA = (a & blockMask) * words
  const wordB = (b & blockMask) * words
  const due = blockA[wordA]! - blockB[wordB]!
  // Turns wrap: the nearer way round tells who came first.
  return due < 0 || (due === 0 && ((blockA[wordA + 1]! - blockB[wordB + 1]!) | 0) < 0)
}

const exchange = (queue: DueQueue, a: number, b: number): void => {
  const block = queue.blocks[a >> blockBits]!
  const word = (a & blockMask) * words
  const due = block[word]!
  const turn = block[word + 1]!
  const high = block[word + 2]!
  const low = block[word + 3]!
  move(queue, b, a)
  put(queue, b, due, turn, high, low)
}

const rise = (queue: DueQueue, start: number): void => {
  for (let at = start; at > 0;) {
    const parent = (at - 1) >> 1
    if (!isBefore(queue, at, parent)) return
    exchange(queue, at, parent)
    at = parent
  }
}

const sink = (queue: DueQueue): void => {
  for (let at = 0; ;) {
    let least = at
    const left = 2 * at + 1
    if (left < queue.size && isBefore(queue, left, least)) least = left
    if (left + 1 < queue.size && isBefore(queue, left + 1, least)) least = left + 1
    if (least === at) return
    exchange(queue, at, least)
    at = least
  }
}

/** due, turn, and the two halves of the number. */
const words = 4
const blockBits = 12
const blockMask = (1 << blockBits) - 1
