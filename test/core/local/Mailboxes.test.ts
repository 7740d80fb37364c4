import { assert, describe, it } from "@effect/vitest"
import * as Mailboxes from "../../../src/core/local/Mailboxes.ts"
import { concat, fromChunk, toChunk } from "../../../src/core/Bytes.ts"

/** An mbox entry's text, quoted in pieces of this many bytes. */
const quoted = (message: string, piece = 1000): string => {
  let state = Mailboxes.quotingStart
  const out: Array<Uint8Array> = []
  for (let at = 0; at < message.length; at += piece) {
    const [next, chunks] = Mailboxes.quote(state, toChunk(message.slice(at, at + piece)))
    state = next
    out.push(...chunks)
  }
  return fromChunk(concat([...out, Mailboxes.quotingEnd(state)]))
}

describe("Mailboxes: quoting for an mbox", () => {
  for (const [what, message, entry] of [
    ["a plain message", "A: b\n\nbody\n", "A: b\n\nbody\n\n"],
    ["From at the beginning of a line", "a\nFrom b\n", "a\n>From b\n\n"],
    ["From as the first line", "From x\n\n", ">From x\n\n\n"],
    ["quoted once more", ">From a\n>>>From b\n", ">>From a\n>>>>From b\n\n"],
    [
      "elsewhere it is no danger",
      " From a\na From b\nFrom\nFromage\n> From c\n",
      " From a\na From b\nFrom\nFromage\n> From c\n\n"
    ],
    ["two in a row", "From a\nFrom b\n", ">From a\n>From b\n\n"],
    ["a partial last line gets its end", "a\nb", "a\nb\n\n"],
    ["a partial From", "a\nFro", "a\nFro\n\n"],
    ["a partial From with its blank", "a\nFrom ", "a\n>From \n\n"],
    ["only >s", ">>", ">>\n\n"],
    ["nothing", "", "\n"],
    ["empty lines", "\n\n", "\n\n\n"]
  ] as const)
    it(`${what}, whole and in pieces`, () => {
      for (const piece of [1000, 1, 2, 3, 4, 5]) assert.strictEqual(quoted(message, piece), entry)
    })

  it("can be undone, whatever the lines are", () => {
    const words = ["From ", "From", ">", ">>", "x", "\n", " "]
    let seed = 1
    const pick = () => words[(seed = (seed * 48271) % 2147483647) % words.length]!
    for (let run = 0; run < 300; run++) {
      const message = `${Array.from({ length: 12 }, pick).join("")}\n`
      const entry = quoted(message, 1 + (run % 6))
      assert.isFalse(/^From /m.test(entry), entry)
      assert.strictEqual(entry.slice(0, -1).replaceAll(/^>(>*From )/gm, "$1"), message)
    }
  })
})

describe("Mailboxes: names in a Maildir", () => {
  const facts = { time: 820631134, microseconds: 56000, pid: 77, count: 3, hostName: "h.x" }
  it("a server counts its deliveries", () =>
    assert.strictEqual(Mailboxes.serverName(facts), "820631134.M56000P77Q3.h.x"))
  it("qmail-local is named by its pid", () =>
    assert.strictEqual(Mailboxes.classicName({ ...facts, count: 0 }), "820631134.77.h.x"))
  it("its further Maildirs by numbers that no process has", () =>
    assert.strictEqual(Mailboxes.classicName({ ...facts, count: 1 }), "820631134.4194381.h.x"))
  it("a host name with / or : makes neither a path nor flags", () =>
    assert.strictEqual(Mailboxes.safeHost("a/b:c"), "a\\057b\\072c"))
  it("at most 63 bytes of the host name", () => assert.strictEqual(Mailboxes.safeHost("x".repeat(70)).length, 63))
})

describe("Mailboxes: reading a Maildir", () => {
  it("what lies in tmp for 36 hours unread is dead", () => {
    assert.isFalse(Mailboxes.isStale(1000, 1000 + 129600))
    assert.isTrue(Mailboxes.isStale(1000, 1000 + 129601))
  })
  it("oldest first; hidden files and this very second are passed over", () => {
    const at = (name: string, modified: number): Mailboxes.Stored => ({ name, modified, bytes: 1 })
    const listed = Mailboxes.inOrder([at("new/b", 7.9), at("new/now", 10), at("cur/a", 3), at("cur/c", 7.1)], 10)
    assert.deepStrictEqual(
      listed.map(({ name }) => name),
      ["cur/a", "new/b", "cur/c"]
    )
    assert.isFalse(Mailboxes.isVisible(".hidden"))
  })
})

describe("Mailboxes: the From_ line of a stored message", () => {
  for (const [first, sender] of [
    ["Return-Path: <a@x>\n", "a@x"],
    ['Return-Path: <"a b\tc"@x>\n', '"a-b-c"@x'],
    ["Return-Path: <>\n", "MAILER-DAEMON"],
    ["return-path: <a@x>\n", "XXX"],
    ["Subject: x\n", "XXX"],
    ["", "XXX"]
  ] as const)
    it(`${JSON.stringify(first)} is from ${sender}`, () =>
      assert.strictEqual(Mailboxes.storedFromLine(first, 820631134), `From ${sender} Wed Jan 03 01:05:34 1996\n`))
})
