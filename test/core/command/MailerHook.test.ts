import { assert, describe, it } from "@effect/vitest"
import * as MailerHook from "../../../src/core/command/MailerHook.ts"

const names = { sender: "s@y", host: "x", recipient: "List-joe" }

describe("MailerHook", () => {
  for (const [args, lines] of [
    [["cmd"], "UFLINE"],
    [["-n", "cmd"], ""],
    [["-P", "cmd"], "UFLINE RPLINE"],
    [["-nlP", "cmd"], "RPLINE DTLINE"],
    [["-DFMms", "cmd"], "UFLINE"]
  ] as const)
    it(`${args.join(" ")}: ${lines || "no line"}`, () =>
      assert.strictEqual(MailerHook.parse(args, names)?.lines.join(" "), lines))

  for (const [args, words] of [
    [
      ["mail", "-f", "%g", "-d", "%u"],
      ["mail", "-f", "s@y", "-d", "List-joe"]
    ],
    [
      ["c", "%u@%h"],
      ["c", "List-joe@x"]
    ],
    [
      ["c", "100%%", "%z|%", "%%u"],
      ["c", "100%", "|", "%u"]
    ],
    [
      ["-x", "list-", "c", "%u"],
      ["c", "joe"]
    ],
    [
      ["-xother-", "c", "%u"],
      ["c", "List-joe"]
    ],
    [["%u"], ["%u"]]
  ] as const)
    it(args.join(" "), () => assert.deepStrictEqual(MailerHook.parse(args, names)?.words, words))

  it("names are put in once, whatever they hold", () =>
    assert.deepStrictEqual(MailerHook.parse(["c", "%g"], { ...names, sender: "%u $& '\n" })?.words, ["c", "%u $& '\n"]))

  it("no command, an unknown flag, -x without a prefix: incorrect usage", () => {
    for (const args of [[], ["-n"], ["-q", "cmd"], ["-x"]]) assert.isUndefined(MailerHook.parse(args, names))
  })
})
