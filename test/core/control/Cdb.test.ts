import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Cdb from "../../../src/core/control/Cdb.ts"

const built = (records: ReadonlyArray<readonly [string, string]>): Uint8Array =>
  Result.getOrThrow(Cdb.build(records.map(([key, data]) => ({ key, data }))))

const found = (file: Uint8Array, key: string) =>
  Result.match(Cdb.find(file, key), { onFailure: (reason) => reason, onSuccess: (data) => data ?? "nothing" })

describe("Cdb.find", () => {
  const file = built([
    ["one", "1"],
    ["two", "first"],
    ["two", "second"],
    ["", "empty key"],
    ["zero", ""],
    ["b\xffytes", "\0\xe9"]
  ])
  for (const [key, data] of [
    ["one", "1"],
    ["two", "first"],
    ["", "empty key"],
    ["zero", ""],
    ["b\xffytes", "\0\xe9"],
    ["ONE", "nothing"],
    ["absent", "nothing"]
  ] as const)
    it(`${JSON.stringify(key)} gives ${JSON.stringify(data)}`, () => assert.strictEqual(found(file, key), data))

  it("works in a view that does not begin where its buffer begins", () => {
    const shifted = new Uint8Array(file.length + 5)
    shifted.set(file, 5)
    assert.strictEqual(found(shifted.subarray(5), "one"), "1")
  })
  it("finds each of many", () => {
    const records = Array.from({ length: 2000 }, (_, i) => [`key ${i}`, `data ${i}`] as const)
    const many = built(records)
    for (const [key, data] of records) assert.strictEqual(found(many, key), data)
    assert.strictEqual(found(many, "key 2000"), "nothing")
  })
  it("refuses a file that was cut off, wherever, or finds what was before the cut", () => {
    for (let length = 0; length < file.length; length++) {
      const answer = found(file.subarray(0, length), "two")
      assert.include(["corrupt", "first"], answer)
      if (length < 2048) assert.strictEqual(answer, "corrupt")
    }
  })
  it("any bytes give an answer", () => {
    let seed = 1
    const next = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 16
    for (let run = 0; run < 300; run++) {
      const damaged = Uint8Array.from(file)
      for (let i = 0; i < 8; i++) damaged[next() % damaged.length] = next() & 255
      assert.isString(found(damaged, "two"))
    }
  })
  it("a table longer than the file does not keep it searching", () => {
    const endless = new Uint8Array(2048 + 8).fill(255)
    new DataView(endless.buffer).setUint32(2052, 1, true)
    assert.strictEqual(found(endless, "x"), "corrupt")
  })
})

describe("Cdb.build", () => {
  it("an empty database is 256 empty tables", () => {
    const file = built([])
    assert.strictEqual(file.length, 2048)
    assert.strictEqual(new DataView(file.buffer).getUint32(0, true), 2048)
  })
  it("puts the record behind the header, and its table of two slots behind that", () => {
    const file = built([["a", "bc"]])
    // h("a") = 5381 * 33 XOR 97 = 177604: table 196, slot (177604 / 256) mod 2 = 1
    const view = new DataView(file.buffer)
    assert.deepStrictEqual([...file.subarray(2048, 2059)], [1, 0, 0, 0, 2, 0, 0, 0, 97, 98, 99])
    assert.deepStrictEqual([view.getUint32(196 * 8, true), view.getUint32(196 * 8 + 4, true)], [2059, 2])
    assert.deepStrictEqual([view.getUint32(2059, true), view.getUint32(2063, true)], [0, 0])
    assert.deepStrictEqual([view.getUint32(2067, true), view.getUint32(2071, true)], [177604, 2048])
    assert.strictEqual(file.length, 2048 + 11 + 16)
  })
})
