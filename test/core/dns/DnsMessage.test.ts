import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as IpAddress from "../../../src/core/address/IpAddress.ts"
import { fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import { hard, records, soft } from "../../../src/core/dns/DnsAnswer.ts"
import * as DnsMessage from "../../../src/core/dns/DnsMessage.ts"

const name = (text: string) =>
  text === ""
    ? "\0"
    : text
        .split(".")
        .map((label) => String.fromCharCode(label.length) + label)
        .join("") + "\0"
const n16 = (n: number) => String.fromCharCode(n >> 8, n & 255)
const types = { A: 1, CNAME: 5, PTR: 12, MX: 15, AAAA: 28 }
const record = (owner: string, type: keyof typeof types, data: string) =>
  owner + n16(types[type]) + n16(1) + "\0\0\0\x3c" + n16(data.length) + data
const toQuestion = "\xc0\x0c"

const question: DnsMessage.Question = { id: 0x1234, name: "dest.example", type: "MX" }

/** An answer to a question; flags are those of the fourth byte on. */
const answer = (asked: DnsMessage.Question, found: ReadonlyArray<string>, flags = "\x81\x80", id = asked.id) =>
  toChunk(
    `${n16(id)}${flags}${n16(1)}${n16(found.length)}\0\0\0\0${name(asked.name)}${n16(types[asked.type])}\0\x01${found.join("")}`
  )

const parse = (bytes: Uint8Array, asked = question) => DnsMessage.parseAnswer(bytes, asked)
const parsed = (bytes: Uint8Array, asked = question) => Result.getOrThrow(parse(bytes, asked))

describe("DnsMessage.formatQuestion", () => {
  it("asks one question, and wants the server to do the work", () =>
    assert.strictEqual(
      fromChunk(DnsMessage.formatQuestion(question)!),
      `\x12\x34\x01\0\0\x01\0\0\0\0\0\0${name("dest.example")}\0\x0f\0\x01`
    ))

  it("[RFC 6891] says how long an answer may be, where that is wanted", () =>
    assert.strictEqual(
      fromChunk(DnsMessage.formatQuestion(question, true)!),
      `\x12\x34\x01\0\0\x01\0\0\0\0\0\x01${name("dest.example")}\0\x0f\0\x01\0\0\x29\x04\xb0\0\0\0\0\0\0`
    ))

  it("asks for names with any bytes, with or without the last dot, and for the root", () => {
    for (const [asked, sent] of [
      ["a b.\xff", name("a b.\xff")],
      ["dest.example.", name("dest.example")],
      ["", "\0"],
      [".", "\0"]
    ] as const)
      assert.strictEqual(fromChunk(DnsMessage.formatQuestion({ ...question, name: asked })!).slice(12, -4), sent)
  })

  for (const bad of ["a..b", ".a", `${"x".repeat(64)}.example`, Array.from({ length: 64 }, () => "abc").join(".")])
    it(`asks nobody for ${bad.slice(0, 30)}`, () =>
      assert.isUndefined(DnsMessage.formatQuestion({ ...question, name: bad })))
})

describe("DnsMessage.parseAnswer", () => {
  it("reads MX records, compressed or not", () => {
    const bytes = answer(question, [
      record(toQuestion, "MX", `\0\x0a\x03mx1${toQuestion}`),
      record(name("DEST.example"), "MX", `\0\x14${name("mx2.other.example")}`),
      record(toQuestion, "MX", `\0\0${name("")}`)
    ])
    assert.deepStrictEqual(parsed(bytes).exchanges, [
      { preference: 10, exchange: "mx1.dest.example" },
      { preference: 20, exchange: "mx2.other.example" },
      { preference: 0, exchange: "" }
    ])
  })

  it("reads addresses at the end of a chain of aliases", () => {
    const asked = { ...question, type: "A" } as const
    const bytes = answer(asked, [
      record(toQuestion, "CNAME", name("real.example")),
      record(name("real.example"), "A", "\xc0\0\x02\x01"),
      record(name("real.example"), "A", "\xc0\0\x02\x02")
    ])
    assert.deepStrictEqual(parsed(bytes, asked).addresses.map(IpAddress.format), ["192.0.2.1", "192.0.2.2"])
    const six = { ...question, type: "AAAA" } as const
    const v6 = `\x20\x01\x0d\xb8${"\0".repeat(11)}\x01`
    assert.deepStrictEqual(parsed(answer(six, [record(toQuestion, "AAAA", v6)]), six).addresses.map(IpAddress.format), [
      "2001:db8::1"
    ])
  })

  it("reads names", () => {
    const asked = { id: 7, name: DnsMessage.reverseName([192, 0, 2, 1]), type: "PTR" } as const
    assert.strictEqual(asked.name, "1.2.0.192.in-addr.arpa")
    assert.deepStrictEqual(parsed(answer(asked, [record(toQuestion, "PTR", name("h.example"))]), asked).names, [
      "h.example"
    ])
  })

  for (const [what, flags, found, verdict] of [
    ["no such name", "\x81\x83", [], hard],
    ["a name without such records", "\x81\x80", [], hard],
    ["an alias that leads to nothing", "\x81\x80", [record(toQuestion, "CNAME", name("x"))], records([])],
    ["a server that failed", "\x81\x82", [], soft],
    ["a server that refuses", "\x81\x85", [], soft]
  ] as const)
    it(`takes ${what} for ${verdict._tag}`, () =>
      assert.deepStrictEqual(
        DnsMessage.verdict(parsed(answer(question, found, flags)), ({ exchanges }) => exchanges),
        verdict
      ))

  it("does not mind the server's OPT record", () => {
    const bytes = answer(question, [record(toQuestion, "MX", `\0\x0a${name("mx1")}`)])
    bytes[11] = 1
    const withOpt = Uint8Array.from([...bytes, 0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0])
    assert.deepStrictEqual(parsed(withOpt), parsed(bytes))
  })

  it("knows an answer that did not fit", () =>
    assert.isTrue(parsed(answer(question, [record(toQuestion, "MX", "")], "\x83\x80")).truncated))

  it("waits past answers to something else", () => {
    for (const bytes of [
      answer(question, [], "\x81\x80", 0x4321),
      answer({ ...question, name: "evil.example" }, []),
      answer({ ...question, type: "A" }, []),
      answer(question, [], "\x01\0"),
      toChunk("short"),
      answer(question, []).subarray(0, 20)
    ])
      assert.deepStrictEqual(parse(bytes), Result.fail("foreign"))
  })

  it("believes no answer that is cut short, wherever that is", () => {
    const whole = answer(question, [record(toQuestion, "MX", `\0\x0a\x03mx1${toQuestion}`)])
    for (let end = 0; end < whole.length; end++)
      assert.isTrue(Result.isFailure(parse(whole.subarray(0, end))), `${end}`)
  })

  it("believes no name that points at itself, forward, or in a circle, and no address of a wrong size", () => {
    for (const data of ["\0\x0a\xc0\x2c", "\0\x0a\x01a\xc0\x2c", "\0\x0a\xc0\xff", "\0\x0a\x41", "\0"])
      assert.deepStrictEqual(parse(answer(question, [record(toQuestion, "MX", data)])), Result.fail("broken"))
    const asked = { ...question, type: "A" } as const
    assert.deepStrictEqual(
      parse(answer(asked, [record(toQuestion, "A", "\x01\x02\x03")]), asked),
      Result.fail("broken")
    )
  })

  it("gives a verdict on any bytes", () => {
    let random = 1
    const whole = answer(question, [record(toQuestion, "MX", `\0\x0a\x03mx1${toQuestion}`)])
    for (let round = 0; round < 20_000; round++) {
      const bytes = whole.slice()
      for (let i = 0; i < 3; i++) {
        random = (Math.imul(random, 69069) + 1) >>> 0
        bytes[2 + ((random >>> 8) % (bytes.length - 2))] = random >>> 24
      }
      const result = parse(bytes)
      if (Result.isSuccess(result))
        for (const { exchange } of result.success.exchanges) assert.isAtMost(exchange.length, 255)
    }
  })
})

describe("DnsMessage.reverseName", () => {
  it("turns the nibbles of IPv6 around", () =>
    assert.strictEqual(
      DnsMessage.reverseName(IpAddress.parse("2001:db8::567:89ab")!),
      "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
    ))
})
