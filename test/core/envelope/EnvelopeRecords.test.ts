import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import * as EnvelopeRecords from "../../../src/core/envelope/EnvelopeRecords.ts"

/** Fed in pieces of this many bytes. */
const read = (text: string, piece: number) => {
  let reading = EnvelopeRecords.start
  let records = ""
  for (let at = 0; at < text.length; at += piece) {
    const fed = EnvelopeRecords.feed(reading, toChunk(text.slice(at, at + piece)))
    reading = fed.reading
    records += fromChunk(fed.records)
  }
  return { reading, records }
}

const x = (bytes: number) => "x".repeat(bytes)

describe("EnvelopeRecords.feed", () => {
  for (const [input, expected, records] of [
    ["Fs\0Tr\0\0", "Complete 1", "Fs\0Tr\0"],
    ["Fs\0Tr\0Tq\0\0", "Complete 2", "Fs\0Tr\0Tq\0"],
    ["F\0T\0\0", "Complete 1", "F\0T\0"],
    ["Fs\0\0", "Complete 0", "Fs\0"],
    ["Fs\0Tr\0\0garbage", "Complete 1", "Fs\0Tr\0"],
    ["F\xff\0T\x80\0\0", "Complete 1", "F\xff\0T\x80\0"],
    ["", "Sender", ""],
    ["Fab", "Address", "Fab"],
    ["Fs\0", "Recipient", "Fs\0"],
    ["Fs\0T", "Address", "Fs\0T"],
    ["\0", "Refused 91", ""],
    ["Tr\0\0", "Refused 91", ""],
    ["fs\0", "Refused 91", ""],
    ["Fs\0tr\0\0", "Refused 91", "Fs\0"],
    ["Fs\0Fq\0", "Refused 91", "Fs\0"],
    ["Fs\0Tr\0Dq\0", "Refused 91", "Fs\0Tr\0"],
    // 1003 bytes with the NUL are the most.
    [`F${x(1002)}\0\0`, "Complete 0", `F${x(1002)}\0`],
    [`Fs\0T${x(1002)}\0\0`, "Complete 1", `Fs\0T${x(1002)}\0`],
    [`F${x(1002)}`, "Address", `F${x(1002)}`],
    [`F${x(1003)}`, "Refused 11", undefined],
    [`F${x(1003)}\0`, "Refused 11", undefined],
    [`Fs\0T${x(2000)}\0\0`, "Refused 11", undefined]
  ] as const)
    it(`${JSON.stringify(input.length > 40 ? `${input.slice(0, 9)}... (${input.length})` : input)}: ${expected}`, () => {
      for (const piece of [1, 2, 3, 1000, 100_000]) {
        const { reading, records: kept } = read(input, piece)
        const said =
          reading._tag === "Complete"
            ? `Complete ${reading.recipients}`
            : reading._tag === "Refused"
              ? `Refused ${reading.exitCode}`
              : reading._tag
        assert.strictEqual(said, expected)
        if (records !== undefined) assert.strictEqual(kept, records)
      }
    })
})

describe("EnvelopeRecords.parse", () => {
  const parse = (text: string) => Result.getOrElse(EnvelopeRecords.parse(text), (failure) => failure)

  it("reads what qmail-queue writes", () =>
    assert.deepStrictEqual(parse(`${EnvelopeRecords.head(666, 20345)}Fme@d\0Ta@b\0T\0`), {
      uid: 666,
      qp: 20345,
      sender: "me@d",
      recipients: ["a@b", ""]
    }))
  it("passes over a last record without its NUL, as qmail-send does", () =>
    assert.deepStrictEqual(parse("u1\0p2\0Fs\0Ta\0Tb"), { uid: 1, qp: 2, sender: "s", recipients: ["a"] }))
  it("names a letter that it does not know, and where", () =>
    assert.deepStrictEqual(parse("u1\0p2\0Xs\0"), { letter: "X", offset: 6 }))
  it("takes an empty record for one without a letter", () =>
    assert.deepStrictEqual(parse("u1\0\0"), { letter: "", offset: 3 }))
})

describe("EnvelopeRecords.format", () => {
  it("is what feed takes", () => {
    const bytes = EnvelopeRecords.format({ sender: "#@[]", recipients: ["a@b", "c"] })
    assert.strictEqual(Result.map(bytes, (b) => fromChunk(b)).pipe(Result.getOrThrow), "F#@[]\0Ta@b\0Tc\0\0")
  })
  it("cannot say a NUL: the rest would be a record of its own", () => {
    assert.isTrue(Result.isFailure(EnvelopeRecords.format({ sender: "s", recipients: ["a\0Tb"] })))
    assert.isTrue(Result.isFailure(EnvelopeRecords.format({ sender: "s\0", recipients: [] })))
  })
})
