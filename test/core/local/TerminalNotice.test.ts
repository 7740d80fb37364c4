import { assert, describe, it } from "@effect/vitest"
import * as TerminalNotice from "../../../src/core/local/TerminalNotice.ts"
import { concat, toChunk } from "../../../src/core/Bytes.ts"

const excerptOf = (message: string, piece: number, most = 40): string => {
  let excerpt = TerminalNotice.excerpt(most)
  for (let at = 0; at < message.length && !TerminalNotice.isFull(excerpt); at += piece)
    excerpt = TerminalNotice.feed(excerpt, toChunk(message.slice(at, at + piece)))
  return TerminalNotice.finish(excerpt)
}

/** A record of utmp(5), as glibc writes it. */
const record = (type: number, line: string, user: string): Uint8Array => {
  const bytes = new Uint8Array(384)
  bytes[0] = type
  bytes.set(toChunk(line), 8)
  bytes.set(toChunk(user), 44)
  return bytes
}

describe("TerminalNotice: the excerpt", () => {
  it("has the subject and the beginning of the body, however the message comes", () => {
    for (const piece of [1, 5, 1000])
      assert.strictEqual(excerptOf("From: x\nSubject:  hi\n there\nTo: y\n\nbody\n", piece), "hi\n there\n\nbody\n")
  })
  it("is no longer than wanted", () => assert.strictEqual(excerptOf(`\n${"x".repeat(99)}\n`, 10, 20).length, 20))
})

describe("TerminalNotice: what is shown", () => {
  it("names the two, then the excerpt on one line", () =>
    assert.strictEqual(
      TerminalNotice.notice("joe", "s@y", "hi\n\nbody\n"),
      "\r\n\x07*** TO <joe> FROM <s@y>\r\n    hi//body/\r\n"
    ))
  it("nothing in a mail commands the terminal", () => {
    const shown = TerminalNotice.notice("j\x1b[2J", "s\x9b@y", "\x1b]0;x\x07\x00\xff")
    assert.strictEqual(shown, "\r\n\x07*** TO <j_[2J> FROM <s_@y>\r\n    /]0;x///\r\n")
  })
  it("the second line has at most 78 bytes", () =>
    assert.strictEqual(TerminalNotice.notice("a", "b", "x".repeat(200)).split("\r\n")[2]!.length, 78))
})

describe("TerminalNotice: who is where", () => {
  const records = concat([
    record(7, "pts/1", "joe"),
    record(7, "pts/2", "ann"),
    record(8, "pts/3", "joe"),
    record(7, "", "joe"),
    record(7, "/etc/passwd", "joe"),
    record(7, "../etc/passwd", "joe"),
    record(7, "tty1", "joe"),
    record(7, "pts/4", "joey")
  ])
  it("only sessions of the user, only names that stay below /dev", () =>
    assert.deepStrictEqual(TerminalNotice.terminalsOf("joe", records), ["pts/1", "tty1"]))
  it("a user whose name fits no record has none", () =>
    assert.deepStrictEqual(TerminalNotice.terminalsOf("x".repeat(33), records), []))
  it("a record cut short is none", () =>
    assert.deepStrictEqual(TerminalNotice.terminalsOf("joe", records.subarray(0, 383)), []))
  it("a terminal wants notices if it is the user's own and he said so", () => {
    assert.isTrue(TerminalNotice.wantsNotice({ mode: 0o720, uid: 5 }, 5))
    assert.isFalse(TerminalNotice.wantsNotice({ mode: 0o620, uid: 5 }, 5))
    assert.isFalse(TerminalNotice.wantsNotice({ mode: 0o720, uid: 6 }, 5))
  })
})
