import { assert, describe, it } from "@effect/vitest"
import * as TcpTimeouts from "../../../src/core/remote/TcpTimeouts.ts"
import * as IpAddress from "../../../src/core/address/IpAddress.ts"

const now = 1_700_000_000
const ip = (text: string) => IpAddress.parse(text)!
const v4 = ip("192.0.2.1")

type Row = readonly [address: string, count: number, age: number]

const tableOf = (...rows: ReadonlyArray<Row>): Uint8Array => {
  const layout = rows[0] === undefined ? TcpTimeouts.layoutV4 : TcpTimeouts.layoutOf(ip(rows[0][0]))
  const table = new Uint8Array(TcpTimeouts.fileBytes(layout))
  const view = new DataView(table.buffer)
  for (const [i, [address, count, age]] of rows.entries()) {
    table.set(ip(address), i * layout.recordBytes)
    table[i * layout.recordBytes + layout.countAt] = count
    view.setUint32(i * layout.recordBytes + layout.timeAt, now - age, true)
  }
  return table
}

const rowsOf = (table: Uint8Array, layout = TcpTimeouts.layoutV4) =>
  TcpTimeouts.entries(table, layout).map(({ address, count, time }) => [IpAddress.format(address), count, now - time])

const apply = (table: Uint8Array, change: TcpTimeouts.Change | undefined): Uint8Array => {
  const after = table.slice()
  if (change !== undefined) after.set(change.bytes, change.position)
  return after
}

describe("TcpTimeouts.failure", () => {
  for (const [errno, said] of [
    ["ETIMEDOUT", "TimedOut"],
    ["ECONNREFUSED", "Answered"],
    ["EHOSTUNREACH", "Answered"],
    ["ENETUNREACH", "Answered"],
    ["ECONNRESET", "Answered"],
    ["EACCES", "Answered"],
    ["EADDRNOTAVAIL", "Answered"],
    ["EMFILE", "NotAsked"],
    ["ENFILE", "NotAsked"]
  ] as const)
    it(`takes ${errno} for ${said}`, () => assert.strictEqual(TcpTimeouts.failure(errno), said))
})

describe("TcpTimeouts.shouldSkip", () => {
  for (const [count, age, pid, skips] of [
    [0, 0, 0, false],
    [1, 0, 0, false],
    [2, 0, 0, true],
    [10, 3839, 0, true],
    [10, 3840, 0, false],
    [2, 5823, 31, true],
    [2, 5824, 31, false],
    [2, 3840, 32, false],
    [2, 3840, 33, true],
    [127, 0, 0, true],
    [128, 0, 0, false]
  ] as const)
    it(`${skips ? "skips" : "tries"} after ${count} timeouts, the last ${age} s ago, as process ${pid}`, () =>
      assert.strictEqual(TcpTimeouts.shouldSkip(tableOf(["192.0.2.1", count, age]), v4, now, pid), skips))

  it("in our homes believes no time in the future, which a clock that was set back has left", () => {
    const table = tableOf(["192.0.2.1", 2, -1])
    assert.isFalse(TcpTimeouts.shouldSkip(table, v4, now, 0, false))
    assert.isTrue(TcpTimeouts.shouldSkip(table, v4, now, 0, true))
    assert.deepStrictEqual(rowsOf(apply(table, TcpTimeouts.afterTimeout(table, v4, now, false))), [["192.0.2.1", 3, 0]])
    assert.isUndefined(TcpTimeouts.afterTimeout(table, v4, now, true))
  })

  it("tries an address that is not in the table, and any if there is no table", () => {
    assert.isFalse(TcpTimeouts.shouldSkip(tableOf(["192.0.2.2", 10, 0]), v4, now, 0))
    assert.isFalse(TcpTimeouts.shouldSkip(new Uint8Array(0), v4, now, 0))
  })

  it("keeps IPv6 in records of its own", () => {
    const table = tableOf(["2001:db8::1", 2, 0])
    assert.isTrue(TcpTimeouts.shouldSkip(table, ip("2001:db8::1"), now, 0))
    assert.isFalse(TcpTimeouts.shouldSkip(table, ip("2001:db8::2"), now, 0))
    assert.strictEqual(table.length, 2048)
  })
})

describe("TcpTimeouts.afterTimeout", () => {
  for (const [count, age, after] of [
    [0, 10, [["192.0.2.1", 1, 0]]],
    [1, 119, [["192.0.2.1", 1, 119]]],
    [1, 120, [["192.0.2.1", 2, 0]]],
    [9, 500, [["192.0.2.1", 10, 0]]],
    [10, 500, [["192.0.2.1", 10, 0]]]
  ] as const)
    it(`after ${count} timeouts, the last ${age} s ago`, () => {
      const table = tableOf(["192.0.2.1", count, age])
      assert.deepStrictEqual(rowsOf(apply(table, TcpTimeouts.afterTimeout(table, v4, now))), after as never)
    })

  it("takes the first record without a count for a new address, and writes only that", () => {
    const table = tableOf(["192.0.2.7", 3, 50], ["192.0.2.8", 0, 50], ["192.0.2.9", 1, 50])
    const change = TcpTimeouts.afterTimeout(table, v4, now)!
    assert.strictEqual(change.position, 16)
    assert.strictEqual(change.bytes.length, 16)
    assert.deepStrictEqual(rowsOf(apply(table, change))[1], ["192.0.2.1", 1, 0])
  })

  it("forgets the oldest in a full table, where each timeout counts for 1024 seconds", () => {
    const rows = Array.from({ length: 64 }, (_, i): Row => [`10.0.0.${i}`, 1, 100 + i])
    rows[5] = ["10.0.0.5", 3, 2100] // weighs as one timeout 52 s ago
    rows[6] = ["10.0.0.6", 3, 2300] // as one 252 s ago
    const table = tableOf(...rows)
    assert.strictEqual(TcpTimeouts.afterTimeout(table, v4, now)!.position, 6 * 16)
  })

  it("writes nothing where there is no table", () =>
    assert.isUndefined(TcpTimeouts.afterTimeout(new Uint8Array(15), v4, now)))
})

describe("TcpTimeouts.afterSuccess", () => {
  it("clears the count and keeps the record", () => {
    const table = tableOf(["192.0.2.2", 5, 0], ["192.0.2.1", 3, 10])
    const after = apply(table, TcpTimeouts.afterSuccess(table, v4))
    assert.deepStrictEqual(rowsOf(after), [["192.0.2.2", 5, 0]])
    assert.deepStrictEqual([...after.subarray(16, 20)], [192, 0, 2, 1])
  })

  it("writes nothing for an address without timeouts", () => {
    assert.isUndefined(TcpTimeouts.afterSuccess(tableOf(["192.0.2.1", 0, 10]), v4))
    assert.isUndefined(TcpTimeouts.afterSuccess(tableOf(["192.0.2.2", 2, 10]), v4))
  })
})

describe("TcpTimeouts.entries", () => {
  it("are those that timed out; a count of 128 is less than none", () =>
    assert.deepStrictEqual(
      rowsOf(tableOf(["192.0.2.1", 0, 9], ["192.0.2.2", 1, 9], ["192.0.2.3", 127, 9], ["192.0.2.4", 128, 9])),
      [
        ["192.0.2.2", 1, 9],
        ["192.0.2.3", 127, 9]
      ]
    ))
})

describe("TcpTimeouts.describe", () => {
  it("is a line of qmail-tcpto", () => {
    const [entry] = TcpTimeouts.entries(tableOf(["192.0.2.1", 3, 5000]), TcpTimeouts.layoutV4)
    assert.strictEqual(
      TcpTimeouts.describe(entry!, now),
      "192.0.2.1 timed out 5000 seconds ago; # recent timeouts: 3\n"
    )
  })
})
