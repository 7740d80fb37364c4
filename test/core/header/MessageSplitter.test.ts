import { assert, describe, it } from "@effect/vitest"
import { concat, fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import * as MessageSplitter from "../../../src/core/header/MessageSplitter.ts"

/** Cuts the message at these places. */
const split = (message: string, ...cuts: ReadonlyArray<number>) => {
  const places = [0, ...cuts, message.length]
  const fields: Array<string> = []
  const body: Array<Uint8Array> = []
  let splitter = MessageSplitter.initial
  const take = (part: MessageSplitter.Split): void => {
    splitter = part.splitter
    fields.push(...part.fields)
    body.push(part.body)
  }
  for (let i = 0; i + 1 < places.length; i++)
    take(MessageSplitter.feed(splitter, toChunk(message.slice(places[i], places[i + 1]))))
  take(MessageSplitter.finish(splitter))
  return { fields, body: fromChunk(concat(body)) }
}

const messages = [
  ["nothing", "", [], ""],
  ["a header and a body", "A: 1\nB: 2\n\nbody\n", ["A: 1\n", "B: 2\n"], "\nbody\n"],
  ["no body", "A: 1\n", ["A: 1\n"], ""],
  ["no body and no line feed", "A: 1", ["A: 1\n"], ""],
  ["an empty body", "A: 1\n\n", ["A: 1\n"], "\n"],
  ["no header", "\nbody\n", [], "\nbody\n"],
  ["a body without a last line feed", "A: 1\n\nbody", ["A: 1\n"], "\nbody\n"],
  ["continued fields", "A: 1\n 2\n\t3\nB: 4\n\n", ["A: 1\n 2\n\t3\n", "B: 4\n"], "\n"],
  ["a line that is no field", "A: 1\nwhat\nB: 2\n", ["A: 1\n"], "\nwhat\nB: 2\n"],
  ["such a line at the end", "A: 1\nwhat", ["A: 1\n"], "\nwhat\n"],
  ["a first line that continues nothing", " x\nA: 1\n", [], "\n x\nA: 1\n"],
  ["the first line of a mailbox", "From joe Thu\nA: 1\n\n", ["MBOX-Line: From joe Thu\n", "A: 1\n"], "\n"],
  ["a continued one", "From joe\n x\n\n", ["MBOX-Line: From joe\n x\n"], "\n"],
  ["a line of blanks, which continues", "A: 1\n \nB: 2\n\n", ["A: 1\n \n", "B: 2\n"], "\n"],
  ["a carriage return, which is no empty line", "A: 1\r\n\r\nbody\n", ["A: 1\r\n"], "\n\r\nbody\n"],
  ["bytes of all kinds", "A: \0\xff\n\n\0\xff\n\n", ["A: \0\xff\n"], "\n\0\xff\n\n"]
] as const

describe("MessageSplitter", () => {
  for (const [what, message, fields, body] of messages)
    it(`splits ${what}, wherever it is cut`, () => {
      assert.deepStrictEqual(split(message), { fields: [...fields], body })
      for (let first = 0; first <= message.length; first++)
        for (let second = first; second <= message.length; second++)
          assert.deepStrictEqual(split(message, first, second), { fields: [...fields], body })
    })

  it("holds nothing of the body", () => {
    const inBody = MessageSplitter.feed(MessageSplitter.initial, toChunk("A: 1\n\n")).splitter
    const chunk = new Uint8Array(65536).fill(120)
    const { body, splitter } = MessageSplitter.feed(inBody, chunk)
    assert.strictEqual(body, chunk)
    assert.deepStrictEqual(splitter, { part: "body", field: "", line: "", lineEnded: false })
  })

  it("takes a field of many megabytes in many chunks", () => {
    const line = toChunk(` ${"x".repeat(62)}\n`)
    let splitter = MessageSplitter.feed(MessageSplitter.initial, toChunk("A: 1\n")).splitter
    for (let i = 0; i < 50_000; i++) splitter = MessageSplitter.feed(splitter, line).splitter
    const { fields } = MessageSplitter.finish(splitter)
    assert.deepStrictEqual(
      fields.map(({ length }) => length),
      [5 + 50_000 * 64]
    )
  })
})
