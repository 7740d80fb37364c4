import { assert, describe, it } from "@effect/vitest"
import type { SmtpTask } from "../../../src/core/smtp/SmtpTask.ts"
import * as SmtpPeer from "./SmtpPeer.ts"

const { shapes } = SmtpPeer

/** The same course of events on each kind of connection: fresh or used before, with PIPELINING or without. */

const said = (text: string) => `Remote host said: ${text}\n`
const accepted = `r\0K192.0.2.1 accepted message.\n${said("250 queued")}\0`
const body = "Subject: x\r\n\r\nb\r\n.\r\n"

for (const [name, { isFresh, pipelining, task }] of Object.entries(shapes))
  describe(`SmtpClient on ${name}`, () => {
    const talk = (task: SmtpTask, script: SmtpPeer.Script, manner: SmtpPeer.Manner = {}) =>
      SmtpPeer.talk(task, script, manner, pipelining)
    const opening = isFresh ? "EHLO me.example\r\n" : "RSET\r\n"
    const envelope = "MAIL FROM:<s@src.example>\r\nRCPT TO:<r@dest.example>\r\nDATA\r\n"

    for (const how of ["as they come", "byte by byte"] as const)
      it(`delivers, replies ${how}, and leaves the connection open`, () =>
        assert.deepStrictEqual(talk(task, {}, { byteByByte: how === "byte by byte" }), {
          sent: `${opening}${envelope}${body}`,
          report: accepted,
          ending: "Release"
        }))

    it("says QUIT if the connection is not to be kept", () =>
      assert.deepStrictEqual(talk({ ...task, keepOpen: false }, {}), {
        sent: `${opening}${envelope}${body}QUIT\r\n`,
        report: accepted,
        ending: "Close"
      }))

    it("asks for each recipient in turn, and goes on if one is accepted", () =>
      assert.strictEqual(
        talk({ ...task, recipients: ["a@x", "b@x", "c@x"] }, { RCPT: ["550 no a", "250 b", "450 not now c"] }).report,
        `h192.0.2.1 does not like recipient.\n${said("550 no a")}\0r\0` +
          `s192.0.2.1 does not like recipient.\n${said("450 not now c")}\0` +
          `K192.0.2.1 accepted message.\n${said("250 queued")}\0`
      ))

    for (const [stage, reply, report] of [
      ["MAIL", "451 no", `ZConnected to 192.0.2.1 but sender was rejected.\n${said("451 no")}\0`],
      ["MAIL", "550 no", `DConnected to 192.0.2.1 but sender was rejected.\n${said("550 no")}\0`],
      ["RCPT", "450 no", `s192.0.2.1 does not like recipient.\n${said("450 no")}\0DGiving up on 192.0.2.1.\n\0`],
      ["RCPT", "550 no", `h192.0.2.1 does not like recipient.\n${said("550 no")}\0DGiving up on 192.0.2.1.\n\0`],
      ["DATA", "451 no", `r\0Z192.0.2.1 failed on DATA command.\n${said("451 no")}\0`],
      ["DATA", "554 no", `r\0D192.0.2.1 failed on DATA command.\n${said("554 no")}\0`],
      ["message", "452 no", `r\0Z192.0.2.1 failed after I sent the message.\n${said("452 no")}\0`],
      ["message", "554 no", `r\0D192.0.2.1 failed after I sent the message.\n${said("554 no")}\0`]
    ] as const)
      it(`reports ${reply} at ${stage}, and leaves the connection open`, () => {
        const course = talk(task, { [stage]: reply })
        assert.strictEqual(course.report, report)
        assert.strictEqual(course.ending, "Release")
      })

    for (const how of ["lost", "late"])
      it(`reports a connection that is ${how} after the message: it may be a duplicate`, () => {
        const course = talk(task, { message: how })
        assert.strictEqual(
          course.report,
          "r\0ZConnected to 192.0.2.1 but connection died. Possible duplicate! (#4.4.2)\n\0"
        )
        assert.strictEqual(course.ending, "Close")
      })

    it("breaks off a message that it cannot send, without the final dot", () => {
      for (const [text, report] of [
        ["a\nb", "DSMTP cannot transfer messages with partial final lines. (#5.6.2)\n"],
        ["unreadable", "ZUnable to read message. (#4.3.0)\n"]
      ] as const)
        assert.deepStrictEqual(talk(task, {}, { text }), {
          sent: `${opening}${envelope}`,
          report: `r\0${report}\0`,
          ending: "Close"
        })
    })

    it("announces what the host can do, known from the connection's first EHLO or from this one", () => {
      const all = { ...task, ...(task.knownExtensions && { knownExtensions: { ...task.knownExtensions, ...more } }) }
      assert.include(
        talk(all, {}, { offers: ["SIZE", "8BITMIME"] }).sent,
        "MAIL FROM:<s@src.example> SIZE=14 BODY=8BITMIME\r\n"
      )
    })
    const more = { size: true, eightBit: true }
  })

describe("SmtpClient on a connection whose host knows HELO only", () => {
  it("goes on with RSET and one command at a time in the next transaction", () => {
    const { task } = shapes["a fresh connection"]
    assert.strictEqual(SmtpPeer.talk(task, { EHLO: "502 what" }).ending, "Release")
    assert.match(SmtpPeer.talk(shapes["a used connection"].task, {}).sent, /^RSET\r\nMAIL FROM:<s@src.example>\r\nRCPT/)
  })
})
