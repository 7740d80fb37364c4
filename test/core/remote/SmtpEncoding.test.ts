import { assert, describe, it } from "@effect/vitest"
import { concat, fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import type { BareCr } from "../../../src/core/remote/RemoteSettings.ts"
import * as SmtpEncoding from "../../../src/core/remote/SmtpEncoding.ts"

/** What goes over the wire, or why nothing more does. */
const encode = (bareCr: BareCr, ...pieces: ReadonlyArray<string>): string => {
  let encoder = SmtpEncoding.start(bareCr)
  const sent: Array<Uint8Array> = []
  for (const piece of pieces) {
    const fed = SmtpEncoding.feed(encoder, toChunk(piece))
    if (fed === undefined) return "BareCr"
    encoder = fed.encoder
    sent.push(fed.bytes)
  }
  const end = SmtpEncoding.finish(encoder)
  return end._tag === "Ended" ? fromChunk(concat([...sent, end.bytes])) : end._tag
}

describe("SmtpEncoding", () => {
  for (const [what, stored, wire] of [
    ["nothing", "", ".\r\n"],
    ["an empty line", "\n", "\r\n.\r\n"],
    ["lines", "a\nb\n", "a\r\nb\r\n.\r\n"],
    ["dots at line starts", ".\n..\n.x\nx.\n", "..\r\n...\r\n..x\r\nx.\r\n.\r\n"],
    ["lines that end with CR LF already", "a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n"],
    ["a lone CR", "a\rb\n", "a\r\nb\r\n.\r\n"],
    ["a lone CR before a dot: the dot is doubled", "a\r.\rMAIL\n", "a\r\n..\r\nMAIL\r\n.\r\n"],
    ["a lone CR at the start", "\r.\r\n", "\r\n..\r\n.\r\n"],
    ["a CR at the end", "a\r", "a\r\n.\r\n"],
    ["8-bit bytes and NUL", "\xff\0\x80\n", "\xff\0\x80\r\n.\r\n"]
  ] as const)
    it(`sends ${what} the same in every home`, () => {
      assert.strictEqual(encode("convert", stored), wire)
      assert.strictEqual(encode("classic", stored), wire)
      assert.strictEqual(encode("convert", ...stored), wire)
      assert.strictEqual(encode("classic", ...stored), wire)
    })

  for (const [stored, convert, classic] of [
    ["a\r\r\nb\n", "a\r\n\r\nb\r\n.\r\n", "a\r\n\r\r\nb\r\n.\r\n"],
    ["\r\r\r\n", "\r\n\r\n\r\n.\r\n", "\r\n\r\r\n.\r\n"],
    ["\r\ra\n", "\r\n\r\na\r\n.\r\n", "\r\n\ra\r\n.\r\n"],
    ["\r\r.\n", "\r\n\r\n..\r\n.\r\n", "\r\n\r\n..\r\n.\r\n"]
  ] as const)
    it(`sends CR after CR in ${JSON.stringify(stored)} as line ends, or as notqmail does`, () => {
      assert.strictEqual(encode("convert", stored), convert)
      assert.strictEqual(encode("classic", stored), classic)
    })

  it("refuses a lone CR where it is told to, but not CR LF", () => {
    assert.strictEqual(encode("refuse", "a\rb\n"), "BareCr")
    assert.strictEqual(encode("refuse", "a\r"), "BareCr")
    assert.strictEqual(encode("refuse", "a\r\n"), "a\r\n.\r\n")
  })

  it("cannot send a message that ends within a line", () => {
    assert.strictEqual(encode("convert", "a\nb"), "PartialLine")
    assert.strictEqual(encode("classic", "a\r\r"), "PartialLine")
  })

  it("sends whole buffers of 1024 bytes before the end is known, never half a CR LF", () => {
    const sent = (text: string) =>
      fromChunk(SmtpEncoding.feed(SmtpEncoding.start("convert"), toChunk(text))!.bytes).length
    assert.strictEqual(sent("x".repeat(1024)), 0)
    assert.strictEqual(sent("x".repeat(1025)), 1024)
    assert.strictEqual(sent("x".repeat(1023) + "\n"), 1023)
    assert.strictEqual(sent("x".repeat(1022) + "\n"), 0)
    assert.strictEqual(sent("x".repeat(5000)), 4096)
  })
})

/** A server that believes wire.md 2: what it stores, and what it takes for commands after the first end of data. */
const receive = (wire: string): { stored: string; rest: string } => {
  let at = 0
  let stored = ""
  for (;;) {
    const end = wire.indexOf("\r\n", at)
    if (end < 0) return { stored: "no end of data", rest: "" }
    const line = wire.slice(at, end)
    at = end + 2
    if (line === ".") return { stored, rest: wire.slice(at) }
    stored += (line.startsWith(".") ? line.slice(1) : line) + "\n"
  }
}

const strings = (letters: string, length: number): ReadonlyArray<string> =>
  length === 0 ? [""] : strings(letters, length - 1).flatMap((head) => [...letters].map((letter) => head + letter))

describe("Whatever is stored, the receiver", () => {
  const all = strings(".\r\na", 6)

  it("gets back the message, each CR alone made a line end, and one end of data", () => {
    for (const head of all) {
      const stored = `${head}\n`
      const { rest, stored: got } = receive(encode("convert", stored))
      assert.strictEqual(got, stored.replace(/\r\n?/g, "\n"), JSON.stringify(stored))
      assert.strictEqual(rest, "")
    }
  })

  it("is never made to see an early end, in classic homes either, even if a CR or LF alone ends its lines", () => {
    for (const head of all) {
      const wire = encode("classic", `${head}\n`)
      assert.isTrue(wire.endsWith("\r\n.\r\n") || wire === ".\r\n")
      const lines = wire.split(/\r\n|\r|\n/)
      assert.strictEqual(lines.indexOf("."), lines.length - 2, JSON.stringify(head))
    }
  })

  it("gets the same however the message is cut", () => {
    for (const head of strings(".\r\na", 5)) {
      const stored = `${head}\n`
      for (const mode of ["convert", "classic"] as const) {
        const wire = encode(mode, stored)
        for (let cut = 1; cut < stored.length; cut++)
          assert.strictEqual(encode(mode, stored.slice(0, cut), stored.slice(cut)), wire)
      }
    }
  })
})
