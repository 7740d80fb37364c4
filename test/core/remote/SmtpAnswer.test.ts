import { assert, describe, it } from "@effect/vitest"
import { toChunk } from "../../../src/core/Bytes.ts"
import * as SmtpAnswer from "../../../src/core/remote/SmtpAnswer.ts"

const whole = (text: string, start = SmtpAnswer.start) => SmtpAnswer.feed(start, toChunk(text)).answers

const byteByByte = (text: string, start = SmtpAnswer.start) => {
  const answers: Array<SmtpAnswer.SmtpAnswer> = []
  let partial = start
  for (const char of text) {
    const read = SmtpAnswer.feed(partial, toChunk(char))
    partial = read.partial
    answers.push(...read.answers)
  }
  return answers
}

describe("SmtpAnswer.feed", () => {
  for (const [what, bytes, ...wanted] of [
    ["a line", "250 ok\r\n", [250, "250 ok\n"]],
    ["a line without CR", "550 bare lf\n", [550, "550 bare lf\n"]],
    ["no text", "550\r\n", [550, "550\n"]],
    ["no space", "550text\r\n", [550, "550text\n"]],
    ["a tab for the space", "550\tx\r\n", [550, "550\tx\n"]],
    ["several lines", "550-a\r\n550-b\r\n550 c\r\n", [550, "550-a\n550-b\n550 c\n"]],
    ["codes that differ: the first counts", "250-x\r\n550 y\r\n", [250, "250-x\n550 y\n"]],
    ["a CR within", "550 a\rb\r\n", [550, "550 ab\n"]],
    ["two replies", "250 a\r\n354 b\r\n", [250, "250 a\n"], [354, "354 b\n"]],
    ["a reply and the start of another", "250 a\r\n35", [250, "250 a\n"]],
    ["too short to be one: the code runs over the end of the line", "5\r\n"],
    ["a dash and no more", "550-\r\n550 \r\n", [550, "550-\n550 \n"]]
  ] as const)
    it(`reads ${what}`, () => {
      const answers = wanted.map(([code, text]) => ({ code, text }))
      assert.deepStrictEqual(whole(bytes), answers)
      assert.deepStrictEqual(byteByByte(bytes), answers)
    })

  it("keeps 5000 bytes of a long reply, and its end", () => {
    const [answer] = whole(`550 ${"x".repeat(9000)}\r\n`)
    assert.strictEqual(answer?.text, `550 ${"x".repeat(4996)}`)
  })

  it("has no patience with a reply that never ends", () => {
    const flood = toChunk("250-and more\r\n".repeat(80_000))
    assert.isTrue(SmtpAnswer.isEndless(SmtpAnswer.feed(SmtpAnswer.start, flood).partial))
    assert.isFalse(SmtpAnswer.isEndless(SmtpAnswer.feed(SmtpAnswer.start, toChunk("250-and more\r\n")).partial))
  })
})

describe("SmtpAnswer.feed outside classic homes", () => {
  const long = (lines: number) => `${"250-x\r\n".repeat(lines - 1)}250 x\r\n`
  for (const [what, bytes, ...codes] of [
    ["a line", "250 ok\r\n", 250],
    ["a line without CR", "250 ok\n", 250],
    ["a code alone, with and without CR", "250\r\n250\n", 250, 250],
    ["no space", "250ok\r\n", 250],
    ["a NUL", "250 o\0k\r\n", 250],
    ["several lines", "250-a\r\n250-b\r\n250 c\r\n", 250],
    ["codes that differ: the first counts", "250-x\r\n550 y\r\n", 250],
    ["two digits, with and without CR", "25\r\n25\n250 x\r\n", 0, 0, 250],
    ["an empty line", "\r\n\n250 x\r\n", 0, 0, 250],
    ["what is no digit", "2x0 ok\r\nHTTP/1.1 400\r\n 250 x\r\n25\r0 x\r\n", 0, 0, 0, 0],
    ["a short line among several", "250-a\r\n25\r\n250 x\r\n", 0, 250],
    ["512 lines", long(512), 250],
    ["513 lines", long(513), 0]
  ] as const)
    it(`[W102] reads ${what}`, () => {
      const codesOf = (answers: ReadonlyArray<SmtpAnswer.SmtpAnswer>) => answers.map(({ code }) => code)
      assert.deepStrictEqual(codesOf(whole(bytes, SmtpAnswer.startStrict)), codes)
      assert.deepStrictEqual(codesOf(byteByByte(bytes, SmtpAnswer.startStrict)), codes)
    })

  it("[W102] has no patience with more lines than that", () => {
    const lines = (count: number) => SmtpAnswer.feed(SmtpAnswer.startStrict, toChunk("250-x\r\n".repeat(count))).partial
    assert.isFalse(SmtpAnswer.isEndless(lines(512)))
    assert.isTrue(SmtpAnswer.isEndless(lines(513)))
  })
})

describe("SmtpAnswer.isBroken", () => {
  for (const [code, isBroken, isBrokenToData] of [
    [0, true, true],
    [199, true, true],
    [200, false, true],
    [299, false, true],
    [354, true, false],
    [400, false, false],
    [599, false, false],
    [600, true, true],
    [999, true, true]
  ] as const)
    it(`[W102] ${code}`, () => {
      assert.strictEqual(SmtpAnswer.isBroken({ code, text: "" }, false), isBroken)
      assert.strictEqual(SmtpAnswer.isBroken({ code, text: "" }, true), isBrokenToData)
    })
})

describe("SmtpAnswer.outcome", () => {
  for (const [line, outcome] of [
    ["000 x", "success"],
    ["199 x", "success"],
    ["250 x", "success"],
    ["399 x", "success"],
    ["400 x", "temporary"],
    ["499 x", "temporary"],
    ["500 x", "permanent"],
    ["999 x", "permanent"],
    ["hello world", "permanent"],
    [" 550 x", "permanent"]
  ] as const)
    it(`"${line}" is ${outcome}`, () => assert.strictEqual(SmtpAnswer.outcome(whole(`${line}\r\n`)[0]!), outcome))
})

describe("SmtpAnswer.extensions", () => {
  it("reads keywords in any case, with or without parameters, but not the greeting", () => {
    const [answer] = whole("250-size pipelining\r\n250-Pipelining\r\n250-SIZE 1000\r\n250 8BITMIME\r\n")
    assert.deepStrictEqual(SmtpAnswer.extensions(answer!), { pipelining: true, eightBit: true, size: true })
    assert.deepStrictEqual(SmtpAnswer.extensions(whole("250 PIPELINING\r\n")[0]!), SmtpAnswer.noExtensions)
  })
})

describe("SmtpAnswer.quoted", () => {
  it("shows NUL as a question mark, and nothing for nothing", () => {
    assert.strictEqual(SmtpAnswer.quoted("550 a\0b\n"), "Remote host said: 550 a?b\n")
    assert.strictEqual(SmtpAnswer.quoted(""), "")
  })
})
