import { assert, describe, it } from "@effect/vitest"
import * as Bytes from "../../src/core/Bytes.ts"

const every = Uint8Array.from({ length: 256 }, (_, i) => i)

describe("Bytes", () => {
  it("keeps every byte on the way to a byte string and back", () =>
    assert.deepStrictEqual(Bytes.toChunk(Bytes.fromChunk(every)), every))
  it("keeps long chunks whole", () => {
    const long = Bytes.concat(Array.from({ length: 100 }, () => every))
    assert.deepStrictEqual(Bytes.toChunk(Bytes.fromChunk(long)), long)
    assert.strictEqual(Bytes.fromChunk(long, 256, 259), "\x00\x01\x02")
  })
  it("folds A to Z and nothing else", () => {
    assert.strictEqual(Bytes.lower("AbÀZ"), "abÀz")
    assert.isTrue(Bytes.equalFolded("EXAMPLE.org", "example.ORG"))
    assert.isFalse(Bytes.equalFolded("\xc0", "\xe0"))
  })
  it("takes blanks off the end, not the byte 0xA0", () =>
    assert.strictEqual(Bytes.trimEndBlanks("a \xa0 \t"), "a \xa0"))
  for (const [text, value] of [
    ["25", 25],
    ["25x", 25],
    ["", undefined],
    ["x", undefined],
    ["-1", undefined],
    ["99999999999999999999", undefined]
  ] as const)
    it(`reads the number in "${text}" as ${value}`, () => assert.strictEqual(Bytes.leadingNumber(text), value))
  it("shows UTF-8 to a person, and leaves what is not UTF-8", () => {
    assert.strictEqual(Bytes.toText("100% gr\xc3\xbcn"), "100% grün")
    assert.strictEqual(Bytes.toText("\xff%41"), "\xff%41")
    assert.strictEqual(Bytes.fromText("100% grün %C3"), "100% gr\xc3\xbcn %C3")
  })
  it("replaces what does not fit", () =>
    assert.strictEqual(Bytes.replaceUnless("a b\n\xff", Bytes.isGraphic, "_"), "a_b__"))
})
