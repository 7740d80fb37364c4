import { assert, describe, it } from "@effect/vitest"
import { fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import * as SmtpBody from "../../../src/core/smtp/SmtpBody.ts"

interface Outcome {
  readonly text: string
  readonly end: SmtpBody.Decoded["end"]
  readonly rest: string
}

const decode = (chunks: ReadonlyArray<string>): Outcome => {
  let state = SmtpBody.initial
  let text = ""
  for (const [i, chunk] of chunks.entries()) {
    const decoded = SmtpBody.decode(state, toChunk(chunk), 0)
    state = decoded.state
    text += fromChunk(decoded.text)
    if (decoded.end !== "none")
      return { text, end: decoded.end, rest: chunk.slice(decoded.next) + chunks.slice(i + 1).join("") }
  }
  return { text, end: "none", rest: "" }
}

/** The table of wire.md 2 as it is printed there: state, then what CR, LF, dot and any other byte do. */
const byTable = (input: string): Outcome => {
  let state = 1
  let text = ""
  const table: Record<number, readonly [cr: Cell, lf: Cell, dot: Cell, other: Cell]> = {
    0: [["", 4], stray, [".", 0], ["*", 0]],
    1: [["", 4], stray, ["", 2], ["*", 0]],
    2: [["", 3], stray, [".", 0], ["*", 0]],
    3: [[".\r", 4], over, [".\r.", 0], [".\r*", 0]],
    4: [
      ["\r", 4],
      ["\n", 1],
      ["\r.", 0],
      ["\r*", 0]
    ]
  }
  for (let i = 0; i < input.length; i++) {
    const column = ["\r", "\n", "."].indexOf(input[i]!)
    const cell = table[state]![column < 0 ? 3 : column]!
    if (cell === stray) return { text, end: "bare line feed", rest: input.slice(i + 1) }
    if (cell === over) return { text, end: "final dot", rest: input.slice(i + 1) }
    text += cell[0].replace("*", input[i]!)
    state = cell[1]
  }
  return { text, end: "none", rest: "" }
}
type Cell = readonly [put: string, next: number]
const stray: Cell = ["", -1]
const over: Cell = ["", -2]

describe("SmtpBody.decode", () => {
  for (const [title, sent, text] of [
    ["an empty message", ".\r\n", ""],
    ["lines", "a\r\nb\r\n.\r\n", "a\nb\n"],
    ["a stuffed dot", "..\r\n..a\r\n.\r\n", ".\n.a\n"],
    ["a dot that was not stuffed", ".a\r\n.\r\n", "a\n"],
    ["a dot inside a line", "a.\r\n.\r\n", "a.\n"],
    ["a lone CR", "a\rb\r\n.\r\n", "a\rb\n"],
    ["dot CR, no line feed", ".\rb\r\n.\r\n", ".\rb\n"],
    ["two CR before the line feed", "a\r\r\n.\r\n", "a\r\n"],
    ["empty lines", "\r\n\r\n.\r\n", "\n\n"]
  ] as const)
    it(title, () => assert.deepStrictEqual(decode([sent]), { text, end: "final dot", rest: "" }))

  it("stops at a line feed without CR", () => {
    for (const sent of ["\n.\r\n", "a\n.\r\n", "a\r\n\n", "a\r\n.\n"])
      assert.strictEqual(decode([sent]).end, "bare line feed")
  })

  it("leaves what follows the final dot alone", () =>
    assert.strictEqual(decode(["a\r\n.\r\nQUIT\r\n"]).rest, "QUIT\r\n"))

  it("keeps all 256 bytes [W115]", () => {
    const all = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i))
      .filter((c) => c !== "\n")
      .join("")
    assert.strictEqual(decode([`x${all}y\r\n.\r\n`]).text, `x${all}y\n`)
  })

  it("cannot be tricked into an early or late end: all strings of six over CR, LF and dot, at line start and in a line", () => {
    for (let code = 0; code < 3 ** 6; code++) {
      let letters = ""
      for (let rest = code, i = 0; i < 6; i++, rest = Math.floor(rest / 3)) letters += "\r\n."[rest % 3]
      for (const input of [`${letters}x`, `a${letters}x`, `a\r\n${letters}x`]) {
        const expected = byTable(input)
        assert.deepStrictEqual(decode([input]), expected, JSON.stringify(input))
        assert.deepStrictEqual(decode([...input]), expected, `${JSON.stringify(input)} byte by byte`)
      }
    }
  })
})
