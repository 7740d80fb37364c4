import { assert, describe, it } from "@effect/vitest"
import { toChunk } from "../../src/core/Bytes.ts"
import * as Checksum from "../../src/core/Checksum.ts"

describe("Checksum", () => {
  for (const [text, sum] of [
    ["", 0],
    ["123456789", 0xcbf43926],
    ["a", 0xe8b7be43],
    ["\xff\x00\xff", 0x6cdb0272]
  ] as const)
    it(`of ${JSON.stringify(text)} is ${sum.toString(16)}`, () =>
      assert.strictEqual(Checksum.add(Checksum.start, toChunk(text)), sum))
  it("is the same however the bytes are cut", () => {
    const whole = toChunk("To: joe\n\nSome mail.\n")
    for (let cut = 0; cut <= whole.length; cut++)
      assert.strictEqual(
        Checksum.add(Checksum.add(Checksum.start, whole.subarray(0, cut)), whole.subarray(cut)),
        Checksum.add(Checksum.start, whole)
      )
  })
})
