import { assert, describe, it } from "@effect/vitest"
import * as BounceFile from "../../../src/core/bounce/BounceFile.ts"
import * as BounceNotice from "../../../src/core/bounce/BounceNotice.ts"
import * as BounceRoute from "../../../src/core/bounce/BounceRoute.ts"

describe("BounceFile.paragraph", () => {
  for (const [recipient, report, classic, own] of [
    ["a\nb@c", "x\n\ny", "<a_b@c>:\nx\n/y\n\n", "<a_b@c>:\nx\n/y\n\n"],
    ["a@b", "x\n\n", "<a@b>:\nx\n\n\n", "<a@b>:\nx\n\n"],
    ["a@b", "", "<a@b>:\n\n", "<a@b>:\n\n"],
    ["a@b", "\n", "<a@b>:\n\n\n", "<a@b>:\n\n"],
    ["a@b", "\nx\n", "<a@b>:\n/x\n\n", "<a@b>:\n/x\n\n"],
    ["a@b", "1\n\n2\n\n\n\n3\n", "<a@b>:\n1\n/2\n///3\n\n", "<a@b>:\n1\n/2\n///3\n\n"]
  ] as const) {
    it(`${JSON.stringify(report)} in a qmail home`, () =>
      assert.strictEqual(BounceFile.paragraph({ recipient, report, classic: true }), classic))
    it(`${JSON.stringify(report)} in our own`, () =>
      assert.strictEqual(BounceFile.paragraph({ recipient, report, classic: false }), own))
  }
  it("in our homes, any report makes one paragraph and one empty line", () => {
    for (const report of ["\n\n\n", "a\n\n\nb\n\n", "x", "\n\nx\n\n"])
      assert.match(BounceFile.paragraph({ recipient: "a@b", report, classic: false }), /^(.+\n)+\n$/)
  })
})

describe("BounceRoute.route", () => {
  const notice = (sender: string) => {
    const route = BounceRoute.route(sender, "postmaster@h")
    return route._tag === "Discard"
      ? "silence"
      : `${route.isDouble ? "double " : ""}<${route.envelope.sender}> to ${route.envelope.recipients.join()} about <${route.about}>`
  }
  for (const [sender, expected] of [
    ["s@x", "<> to s@x about <s@x>"],
    ["", "double <#@[]> to postmaster@h about <>"],
    ["#@[]", "silence"],
    ["list-@x-@[]", "<> to list-@x about <list-@x>"],
    ["bare", "<> to bare about <bare>"]
  ] as const)
    it(`from <${sender}>: ${expected}`, () => assert.strictEqual(notice(sender), expected))
  it("a NUL in control/doublebouncehost ends the address", () =>
    assert.deepInclude(BounceRoute.route("", "postmaster@h\0x"), {
      envelope: { sender: "#@[]", recipients: ["postmaster@h"] }
    }))
})

describe("BounceNotice", () => {
  const notice = {
    now: 820_631_134,
    classic: true,
    qp: 321,
    from: "MAILER DAEMON",
    host: "h",
    to: "a b@x",
    isDouble: false,
    about: "a b@x"
  }
  it("a bounce says who, to whom, and that it is permanent", () =>
    assert.strictEqual(
      BounceNotice.head(notice),
      `Date: 3 Jan 1996 01:05:34 -0000
From: "MAILER DAEMON"@h
To: "a b"@x
Subject: failure notice

Hi. This is the qmail-send program at h.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

`
    ))
  for (const isDouble of [false, true])
    it(`in our homes ${isDouble ? "a double bounce" : "a bounce"} has a name, and tells programs not to answer it`, () => {
      const classic = BounceNotice.head({ ...notice, isDouble })
      const own = BounceNotice.head({ ...notice, isDouble, classic: false })
      const fields = "Message-ID: <19960103010534.321.qmail@h>\nAuto-Submitted: auto-replied\n"
      assert.strictEqual(own, classic.replace("\nFrom: ", `\n${fields}From: `))
    })
  it("then the copy, with the sender it came from", () =>
    assert.strictEqual(
      BounceNotice.tail(notice),
      '--- Below this line is a copy of the message.\n\nReturn-Path: <"a b"@x>\n'
    ))
  it("no address makes a line of its own", () => {
    const hostile = "a\nX-Inject: h\r@x\r\nX-Inject: h"
    const shown = '<"a\\_X-Inject: h\\_"@x__X-Inject: h>'
    assert.include(
      BounceNotice.head({ ...notice, classic: false, to: hostile }),
      `\nTo: ${shown.slice(1, -1)}\nSubject:`
    )
    assert.include(BounceNotice.tail({ ...notice, classic: false, about: hostile }), `\nReturn-Path: ${shown}\n`)
  })
  it("in a qmail home it does, as notqmail lets it", () => {
    assert.include(BounceNotice.head({ ...notice, classic: true, to: "a\nb@x" }), '\nTo: "a\\\nb"@x\n')
  })
  it("a double bounce says that a bounce bounced", () => {
    const double = { ...notice, isDouble: true, about: "" }
    assert.include(
      BounceNotice.head(double),
      "\nI tried to deliver a bounce message to this address, but the bounce bounced!\n\n"
    )
    assert.strictEqual(BounceNotice.tail(double), "--- Below this line is the original bounce.\n\nReturn-Path: <>\n")
  })
})
