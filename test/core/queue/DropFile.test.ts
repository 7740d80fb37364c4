import { assert, describe, it } from "@effect/vitest"
import { toChunk } from "../../../src/core/Bytes.ts"
import * as DropFile from "../../../src/core/queue/DropFile.ts"

const id = "0123456789abcdef0123456789abcdef"

describe("DropFile", () => {
  const tail = { textBytes: 5, envelopeBytes: 9, checksum: 0xcbf43926 }
  const whole = DropFile.headBytes + 5 + 9 + DropFile.tailBytes
  it("says in its head which file it is, and at its end how long it is", () => {
    assert.strictEqual(DropFile.head(id).length, DropFile.headBytes)
    assert.strictEqual(DropFile.formatTail(tail).length, DropFile.tailBytes)
    assert.deepStrictEqual(DropFile.parseTail(DropFile.formatTail(tail), whole), tail)
  })
  it("is none if it is longer or shorter than that, or ends otherwise", () => {
    assert.isUndefined(DropFile.parseTail(DropFile.formatTail(tail), whole - 1))
    assert.isUndefined(DropFile.parseTail(DropFile.formatTail(tail), whole + 1))
    assert.isUndefined(DropFile.parseTail(DropFile.formatTail(tail).subarray(1), whole))
    assert.isUndefined(DropFile.parseTail(new Uint8Array(DropFile.tailBytes), whole))
  })

  for (const [records, read] of [
    ["Fs@x\0Tr@y\0", { sender: "s@x", recipients: ["r@y"] }],
    ["F\0Ta@y\0Tb@y\0", { sender: "", recipients: ["a@y", "b@y"] }],
    ["Fs@x\0", undefined],
    ["Fs@x\0Tr@y", undefined],
    ["Fs@x\0Tr@y\0\0", undefined],
    ["Tr@y\0", undefined],
    ["u0\0p1\0Fs@x\0Tr@y\0", undefined],
    ["Fs@x\0Dr@y\0", undefined],
    [`F${"x".repeat(1003)}\0Tr@y\0`, undefined],
    ["", undefined]
  ] as const)
    it(`${JSON.stringify(records.slice(0, 30))} is ${read === undefined ? "no envelope" : "an envelope"}`, () => {
      const parsed = DropFile.parseEnvelope(toChunk(records))
      assert.deepStrictEqual(
        parsed && { sender: parsed.sender, recipients: parsed.recipients },
        read && { ...read, recipients: [...read.recipients] }
      )
    })
})
