import { assert, describe, it } from "@effect/vitest"
import * as MaildirSummary from "../../../src/core/local/MaildirSummary.ts"
import { toChunk } from "../../../src/core/Bytes.ts"

const shown = (message: string, piece: number): string => {
  let summary = MaildirSummary.initial
  for (let at = 0; at < message.length && !MaildirSummary.isFull(summary); at += piece)
    summary = MaildirSummary.feed(summary, toChunk(message.slice(at, at + piece)))
  return MaildirSummary.show(MaildirSummary.finish(summary))
}

describe("MaildirSummary", () => {
  for (const [what, message, picture] of [
    [
      "sender, recipient, the author in bold, subject and body",
      "Return-Path: <s@y>\nDelivered-To: joe@x\nFrom: Sue <s@y>\nSubject: hi\n\nbody\n",
      "FROM <s@y> TO <joe@x>\n\x1b[1mSue <s@y>\x1b[0m\nhi//body/\n\n"
    ],
    ["only the uppermost trace counts", "Delivered-To: a@x\nDelivered-To: b@x\n\n", "FROM ? TO <a@x>\n/\n\n"],
    ["nothing known", "\n", "FROM ? TO <?>\n/\n\n"],
    [
      "nothing commands the terminal",
      "Return-Path: <\x1b[2J>\nFrom: a\x07\nSubject: b\x1bc\n\n",
      "FROM <?[2J> TO <?>\n\x1b[1ma/\x1b[0m\nb/c//\n\n"
    ]
  ] as const)
    it(what, () => {
      for (const piece of [1000, 1, 7]) assert.strictEqual(shown(message, piece), picture)
    })
  it("shows 158 bytes of a long message", () =>
    assert.strictEqual(shown(`Subject: s\n\n${"y".repeat(500)}\n`, 50).split("\n")[1]!.length, 158))
})
