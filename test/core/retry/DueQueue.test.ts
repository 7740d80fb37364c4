import { assert, describe, it } from "@effect/vitest"
import * as DueQueue from "../../../src/core/retry/DueQueue.ts"
import { EpochSeconds } from "../../../src/core/Time.ts"

const at = (time: number) => EpochSeconds(time)
const drained = (queue: DueQueue.DueQueue): ReadonlyArray<string> => {
  const ids: Array<string> = []
  for (let entry = DueQueue.pop(queue); entry !== undefined; entry = DueQueue.pop(queue)) ids.push(entry.id)
  return ids
}
const queueOf = (...entries: ReadonlyArray<readonly [id: string, due: number]>) => {
  const queue = DueQueue.make()
  for (const [id, due] of entries) DueQueue.insert(queue, id, at(due))
  return queue
}

describe("DueQueue", () => {
  it("gives what is due first", () =>
    assert.deepStrictEqual(drained(queueOf(["1", 30], ["2", 10], ["3", 20])), ["2", "3", "1"]))
  it("[W64] and of the same time what came first", () =>
    assert.deepStrictEqual(drained(queueOf(["5", 10], ["3", 10], ["9", 5], ["4", 10])), ["9", "5", "3", "4"]))
  it("says when the first is due", () => {
    assert.strictEqual(DueQueue.firstDue(DueQueue.make()), undefined)
    assert.strictEqual(DueQueue.firstDue(queueOf(["1", 30], ["2", 10])), 10)
  })
  for (const id of ["1", "4294967295", "4294967296", "9007199254740991", "9007199254740993", "18446744073709551615"])
    it(`keeps the inode number ${id}`, () => assert.deepStrictEqual(drained(queueOf([id, 1])), [id]))
  for (const [due, kept] of [
    [-5, 0],
    [2 ** 40, 2 ** 32 - 1]
  ] as const)
    it(`a time of ${due} counts as ${kept}`, () => assert.strictEqual(DueQueue.firstDue(queueOf(["1", due])), kept))

  it("made all due, keeps its order, and new ones come behind", () => {
    const queue = queueOf(["1", 300], ["2", 100], ["3", 200])
    DueQueue.makeAllDue(queue, at(50))
    DueQueue.insert(queue, "4", at(50))
    assert.strictEqual(DueQueue.firstDue(queue), 50)
    const order = drained(queue)
    assert.strictEqual(order[0], "2")
    assert.strictEqual(order[3], "4")
  })
  it("made all due, leaves what is due at the limit or later where it is", () => {
    const queue = queueOf(["1", 300], ["2", 900], ["3", 200], ["4", 1000], ["5", 899])
    DueQueue.makeAllDue(queue, at(50), 900)
    DueQueue.insert(queue, "6", at(60))
    assert.deepStrictEqual(drained(queue).slice(-3), ["6", "2", "4"])
  })
  it("brought forward, keeps the order and leaves what is due at the limit or later where it is", () => {
    const queue = queueOf(["1", 300], ["2", 900], ["3", 200], ["4", 1000], ["5", 899], ["6", 200], ["7", 40])
    DueQueue.bringForward(queue, 100, 900)
    assert.deepStrictEqual([...DueQueue.entries(queue)].map(({ dueAt, id }) => `${id} ${dueAt}`).sort(), [
      "1 200",
      "2 900",
      "3 100",
      "4 1000",
      "5 799",
      "6 100",
      "7 0"
    ])
    assert.deepStrictEqual(drained(queue), ["7", "3", "6", "1", "5", "2", "4"])
  })
  it("takes out some, and keeps the order of the others", () => {
    const queue = queueOf(["5", 10], ["3", 10], ["18446744073709551615", 5], ["4", 10], ["8", 1], ["9", 7])
    DueQueue.remove(queue, new Set(["18446744073709551615", "3", "77"]))
    assert.deepStrictEqual(drained(queue), ["8", "9", "5", "4"])
    DueQueue.remove(queue, new Set(["8"]))
    assert.strictEqual(queue.size, 0)
  })
  it("takes out any of many", () => {
    const ids = Array.from({ length: 10_000 }, (_, i) => String(i))
    const queue = queueOf(...ids.map((id) => [id, (Number(id) * 7919) % 1000] as const))
    const order = drained(DueQueue.clone(queue))
    const taken = new Set(ids.filter((id) => Number(id) % 3 === 0))
    DueQueue.remove(queue, taken)
    assert.deepStrictEqual(
      drained(queue),
      order.filter((id) => !taken.has(id))
    )
  })
  it("a clone goes its own way", () => {
    const queue = queueOf(["1", 1], ["2", 2])
    const other = DueQueue.clone(queue)
    DueQueue.pop(other)
    DueQueue.insert(other, "3", at(0))
    assert.deepStrictEqual(drained(queue), ["1", "2"])
    assert.deepStrictEqual(drained(other), ["3", "2"])
  })

  it("[W59] a million messages take 16 bytes each, and come out in order", () => {
    const queue = DueQueue.make()
    let random = 1
    for (let i = 0; i < 1_000_000; i++) {
      random = (Math.imul(random, 1103515245) + 12345) >>> 0
      DueQueue.insert(queue, String(i + 1), at(random % 604_800))
    }
    const bytes = queue.blocks.reduce((sum, block) => sum + block.byteLength, 0)
    assert.isAtMost(bytes, 24 * 1024 * 1024)
    assert.isAtMost(Math.max(...queue.blocks.map((block) => block.byteLength)), 65536)
    let before = 0
    for (let i = 0; i < 1_000_000; i++) {
      const due = DueQueue.pop(queue)!.dueAt
      if (due < before) assert.fail(`${due} after ${before}`)
      before = due
    }
    assert.isAtMost(queue.blocks.length, 2)
  })
})
