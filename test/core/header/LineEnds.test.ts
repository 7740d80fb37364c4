import { assert, describe, it } from "@effect/vitest"
import { concat, fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import * as LineEnds from "../../../src/core/header/LineEnds.ts"

/** Fed in two or three pieces. */
const converted = (text: string, classic: boolean, ...cuts: ReadonlyArray<number>): string => {
  const bytes = toChunk(text)
  const pieces: Array<Uint8Array> = []
  let lineEnds = LineEnds.of(classic)
  const places = [0, ...cuts, bytes.length]
  for (let i = 0; i + 1 < places.length; i++) {
    const step = LineEnds.feed(lineEnds, bytes.subarray(places[i], places[i + 1]))
    lineEnds = step.lineEnds
    pieces.push(step.bytes)
  }
  return fromChunk(concat([...pieces, LineEnds.finish(lineEnds)]))
}

describe("LineEnds", () => {
  for (const [what, text, result] of [
    ["nothing", "", ""],
    ["LF", "a\nb\n", "a\nb\n"],
    ["CR LF", "a\r\nb\r\n\r\nc\r\n", "a\nb\n\nc\n"],
    ["CR LF without the last", "a\r\nb", "a\nb"],
    ["CR LF with a last CR", "a\r\nb\r", "a\nb\r"],
    ["an empty first line", "\r\na\r\n", "\na\n"],
    ["LF first, then CR LF: it stays", "a\nb\r\nc\r\n", "a\nb\r\nc\r\n"],
    ["LF as the very first byte", "\na\r\n", "\na\r\n"],
    ["CR LF first, then LF", "a\r\nb\nc\r\n", "a\nb\nc\n"],
    ["a bare CR, which stays", "a\rb\r\nc\rd\r\n", "a\rb\nc\rd\n"],
    ["two CRs before an LF: one stays", "a\r\r\nb\r\r\n", "a\r\nb\r\n"],
    ["CRs only", "a\rb\r", "a\rb\r"],
    ["one CR", "\r", "\r"],
    ["bytes of all kinds", "\0\xff\r\n\0\xff", "\0\xff\n\0\xff"]
  ] as const)
    it(`${what}, wherever it is cut`, () => {
      for (let first = 0; first <= text.length; first++)
        for (let second = first; second <= text.length; second++) {
          assert.strictEqual(converted(text, false, first, second), result)
          assert.strictEqual(converted(text, true, first, second), text)
        }
    })
})
