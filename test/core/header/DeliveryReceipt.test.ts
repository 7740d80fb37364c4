import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as DeliveryReceipt from "../../../src/core/header/DeliveryReceipt.ts"
import * as SubjectHeader from "../../../src/core/header/SubjectHeader.ts"

const asks = (list: string): string => `Notice-Requested-Upon-Delivery-To: ${list}\n`
const receipt = (fields: ReadonlyArray<string>, deliveredTo = "me@x.y", sender = "s@a.b", classic = true) =>
  Option.getOrUndefined(Result.getOrThrow(DeliveryReceipt.receiptFor(fields, deliveredTo, sender, classic)))

describe("DeliveryReceipt.receiptFor", () => {
  for (const [what, fields, deliveredTo, sender, sent] of [
    ["an address that asks", [asks("me@x.y")], "me@x.y", "s@a.b", true],
    ["one of several, in a group", [asks("a, g: Me <me@x.y>, b;")], "me@x.y", "s@a.b", true],
    ["one of the second field", [asks("a"), asks("me@x.y")], "me@x.y", "s@a.b", true],
    ["a quoted one", [asks('"m e"@x.y')], "m e@x.y", "s@a.b", true],
    ["another address", [asks("you@x.y")], "me@x.y", "s@a.b", false],
    ["another case", [asks("Me@x.y")], "me@x.y", "s@a.b", false],
    ["an address that would have to be completed", [asks("me")], "me@x.y", "s@a.b", false],
    ["nobody who asks", ["To: me@x.y\n"], "me@x.y", "s@a.b", false],
    ["a bounce", [asks("me@x.y")], "me@x.y", "", false],
    ["a double bounce", [asks("me@x.y")], "me@x.y", "#@[]", false]
  ] as const)
    it(`${sent ? "answers" : "does not answer"} ${what}`, () =>
      assert.strictEqual(receipt(fields, deliveredTo, sender) !== undefined, sent))

  it("says what was delivered where, from nobody to the sender", () =>
    assert.deepStrictEqual(receipt(["Message-ID: <1>\n", "message-id : <2>\n", asks("me@x.y")], "me@x.y", "a b@c"), {
      message:
        'From: DELIVERY NOTICE SYSTEM <"a b"@c>\nTo: <"a b"@c>\nSubject: success notice\n\n' +
        "Hi! This is the qreceipt program. Your message was delivered to the\n" +
        "following address: me@x.y. Thanks for asking.\nYour message-id : <2>\n",
      envelope: { sender: "", recipients: ["a b@c"] }
    }))

  for (const list of ["(open", "a>", "x: y"])
    it(`refuses ${list}`, () =>
      assert.deepStrictEqual(
        DeliveryReceipt.receiptFor([asks("me@x.y"), asks(list)], "me@x.y", "s", true),
        Result.fail({ field: asks(list) })
      ))
})

describe("A sender with a control character", () => {
  it("gets no receipt in our homes: it would write lines into it", () => {
    const given = [[asks("me@x.y")], "me@x.y", '"s\nX-Inject: y"@a.b'] as const
    assert.isUndefined(receipt(...given, false))
    assert.isDefined(receipt(...given, true))
    assert.isDefined(receipt([asks("me@x.y")], "me@x.y", "s@a.b", false))
  })
})

describe("SubjectHeader.format", () => {
  for (const [subject, recipients, header] of [
    ["hi there", ["a@b", "c"], "Subject: hi there\nTo: a@b c\n\n"],
    ["hi", [], "Subject: hi\nTo:\n\n"],
    ["", ["a"], "Subject: \nTo: a\n\n"]
  ] as const)
    it(`${JSON.stringify(subject)} to ${recipients.join(" and ") || "nobody"}`, () =>
      assert.deepStrictEqual(SubjectHeader.format(subject, recipients, true), { header, arguments: [] }))

  it("in our homes no word makes a line of its own, and a recipient must be an address", () => {
    assert.deepStrictEqual(SubjectHeader.format("a\r\nBcc: x", ["b", "c\nX: y", "Joe <d@e>"], false), {
      header: "Subject: a  Bcc: x\nTo: b, c X: y, Joe <d@e>\n\n",
      arguments: ["-a", "--", "b", "c\nX: y", "Joe <d@e>"]
    })
  })
})
