import { assert, describe, it } from "@effect/vitest"
import * as CommandContext from "../../../src/core/local/CommandContext.ts"

const facts: CommandContext.Facts = {
  user: "joe",
  homedir: "/home/joe",
  local: "joe-a-b-c-d",
  dash: "-",
  ext: "a-b-c-d",
  domain: "w.x.y.z",
  sender: "s@y",
  defaultDelivery: "./Mailbox",
  now: 820631134,
  classic: false,
  newSender: "joe-owner@x",
  defaultPart: undefined
}

const withFacts = (changes: Partial<CommandContext.Facts>) => CommandContext.variables({ ...facts, ...changes })

describe("CommandContext.variables", () => {
  for (const [name, value] of [
    ["USER", "joe"],
    ["HOME", "/home/joe"],
    ["LOCAL", "joe-a-b-c-d"],
    ["HOST", "w.x.y.z"],
    ["RECIPIENT", "joe-a-b-c-d@w.x.y.z"],
    ["SENDER", "s@y"],
    ["NEWSENDER", "joe-owner@x"],
    ["EXT", "a-b-c-d"],
    ["EXT2", "b-c-d"],
    ["EXT3", "c-d"],
    ["EXT4", "d"],
    ["HOST2", "w.x.y"],
    ["HOST3", "w.x"],
    ["HOST4", "w"],
    ["DTLINE", "Delivered-To: joe-a-b-c-d@w.x.y.z\n"],
    ["RPLINE", "Return-Path: <s@y>\n"],
    ["UFLINE", "From s@y Wed Jan 03 01:05:34 1996\n"]
  ] as const)
    it(`${name} is ${JSON.stringify(value)}`, () => assert.strictEqual(withFacts({})[name], value))

  it("where the dashes and dots end: empty extensions, and the whole that remains of the host", () => {
    const { EXT2, EXT3, HOST2, HOST3, HOST4 } = withFacts({ ext: "a-b", domain: "x.y" })
    assert.deepStrictEqual([EXT2, EXT3], ["b", ""])
    assert.deepStrictEqual([HOST2, HOST3, HOST4], ["x", "x", "x"])
  })
  it("DEFAULT only for a default file, and then also if empty", () => {
    assert.isFalse("DEFAULT" in withFacts({}))
    assert.strictEqual(withFacts({ defaultPart: "" })["DEFAULT"], "")
  })
  it("no address makes a line of its own", () => {
    const { DTLINE, RPLINE, UFLINE } = withFacts({ local: "a\nb", sender: "a b\tc\nd@e" })
    assert.strictEqual(DTLINE, "Delivered-To: a_b@w.x.y.z\n")
    assert.strictEqual(RPLINE, 'Return-Path: <"a b\tc\\_d"@e>\n')
    assert.strictEqual(UFLINE, "From a-b-c-d@e Wed Jan 03 01:05:34 1996\n")
    const returns = withFacts({ local: "a\rX: y", domain: "h\r\nX: y", sender: "a\rX: y@e\r" })
    assert.strictEqual(returns["DTLINE"], "Delivered-To: a_X: y@h__X: y\n")
    assert.strictEqual(returns["RPLINE"], 'Return-Path: <"a\\_X: y"@e_>\n')
    assert.strictEqual(returns["UFLINE"], "From a-X:-y@e- Wed Jan 03 01:05:34 1996\n")
  })
  it("in a qmail home a CR stays, as notqmail leaves it", () => {
    const { DTLINE, RPLINE, UFLINE } = withFacts({ classic: true, local: "a\rb", sender: "a\rb@e" })
    assert.strictEqual(DTLINE, "Delivered-To: a\rb@w.x.y.z\n")
    assert.strictEqual(RPLINE, 'Return-Path: <"a\\\rb"@e>\n')
    assert.strictEqual(UFLINE, "From a\rb@e Wed Jan 03 01:05:34 1996\n")
  })
  it("a bounce comes from MAILER-DAEMON", () =>
    assert.strictEqual(withFacts({ sender: "" })["UFLINE"], "From MAILER-DAEMON Wed Jan 03 01:05:34 1996\n"))
})

describe("CommandContext.environment", () => {
  it("a qmail home passes its own on", () => {
    const inherited = { PATH: "/bin", A: "b" }
    assert.deepStrictEqual(CommandContext.environment(inherited, { path: "/q", classic: true }), inherited)
  })
  it("a home of ours says where it is, and puts its programs first", () =>
    assert.deepStrictEqual(CommandContext.environment({ PATH: "/bin" }, { path: "/h", classic: false }), {
      PATH: "/h/bin:/bin",
      QMAILHOME: "/h"
    }))
})
