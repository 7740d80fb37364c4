import { assert, describe, it } from "@effect/vitest"
import { mapOf, setOf } from "../../../src/core/control/ControlMap.ts"
import * as PasswdAssign from "../../../src/core/users/PasswdAssign.ts"

const wishes: PasswdAssign.Wishes = {
  ...PasswdAssign.optionsOf([], "-"),
  include: undefined,
  exclude: undefined,
  mailNames: mapOf([])
}
const joe = PasswdAssign.parseLine("joe:x:507:100:Joe:/home/joe:/bin/sh")!

describe("PasswdAssign.parseLine", () => {
  for (const [line, user] of [
    ["joe:x:507:100:Joe:/home/joe:/bin/sh", "joe"],
    ["joe:x:507:100:Joe:/home/joe:", "joe"],
    ["joe:x:507:100:Joe:/home/joe", undefined],
    ["root:x:0:0::/root:/bin/sh", undefined],
    ["zero:x:00:0::/:/", undefined],
    ["minus:x:-5:0::/:/", undefined],
    ["letters:x:abc:0::/:/", undefined],
    ["nul:x:5:5:\0:/:/", undefined],
    ["", undefined]
  ] as const)
    it(`${JSON.stringify(line)}: ${user ?? "no account for mail"}`, () =>
      assert.strictEqual(PasswdAssign.parseLine(line)?.user, user))
})

describe("PasswdAssign.isWanted", () => {
  const jim = { ...joe, user: "Jim" }
  for (const [what, entry, change, wanted] of [
    ["anybody", joe, {}, true],
    ["capitals", jim, {}, false],
    ["capitals with -u", jim, { capitals: true }, true],
    ["in include", joe, { include: setOf(["JOE"]) }, true],
    ["not in include", joe, { include: setOf([]) }, false],
    ["in exclude", joe, { exclude: setOf(["joe"]) }, false],
    ["in both", joe, { include: setOf(["joe"]), exclude: setOf(["joe"]) }, false]
  ] as const)
    it(`${what}: ${wanted}`, () => assert.strictEqual(PasswdAssign.isWanted(entry, { ...wishes, ...change }), wanted))
})

describe("PasswdAssign.lines", () => {
  const lines = (change: Partial<PasswdAssign.Wishes>, alias = "alias") =>
    PasswdAssign.lines(joe, { ...wishes, ...change }, alias)
  it("his name and its extensions", () =>
    assert.strictEqual(lines({}), "=joe:joe:507:100:/home/joe:::\n+joe-:joe:507:100:/home/joe:-::\n"))
  it("the alias account takes everything first", () =>
    assert.strictEqual(lines({}, "joe").split("\n")[0], "+:joe:507:100:/home/joe:-::"))
  it("mail names replace his own; several colons count as one", () =>
    assert.strictEqual(
      lines({ mailNames: mapOf(["joe::j::joe.shmoe:"]), delimiter: "" }),
      "=j:joe:507:100:/home/joe:::\n=joe.shmoe:joe:507:100:/home/joe:::\n"
    ))
  it("no mail names, no lines", () => assert.strictEqual(lines({ mailNames: mapOf(["joe:"]) }), ""))
  it("-/ keeps .qmail files in a directory", () =>
    assert.include(
      lines(PasswdAssign.optionsOf([{ letter: "/", value: "" }], "-")),
      "+joe-:joe:507:100:/home/joe:-/::"
    ))
})

describe("PasswdAssign.subusers", () => {
  const given = (content: string, delimiter = "-") => PasswdAssign.subusers(content, [joe], { ...wishes, delimiter })
  it("gives a name to somebody's extension", () =>
    assert.deepStrictEqual(given("info:JOE:inf:\n"), {
      text: "=info:joe:507:100:/home/joe:-:inf:\n+info-:joe:507:100:/home/joe:-:inf-:\n"
    }))
  it("without a delimiter only the name itself", () =>
    assert.deepStrictEqual(given("info:joe:inf:x", ""), { text: "=info:joe:507:100:/home/joe:-:inf:\n" }))
  it("lines with fewer colons are ignored", () =>
    assert.deepStrictEqual(given("# info\nx:joe\ny:joe:inf\n"), { text: "" }))
  it("an account that is not there stops it", () =>
    assert.deepStrictEqual(given("a:joe:b:\nc:ann:d:\n").missing, "ann"))
})

describe("PasswdAssign.optionsOf", () => {
  const of = (letters: string) =>
    PasswdAssign.optionsOf(
      [...letters].map((letter) => ({ letter, value: letter === "c" ? "=+" : "" })),
      "-"
    )
  it("later letters win", () => {
    assert.deepStrictEqual(of("hHuU"), { dash: "-", delimiter: "-", capitals: false, homes: "ignored" })
    assert.deepStrictEqual(of("Cc/"), { dash: "-/", delimiter: "=", capitals: false, homes: "checked" })
    assert.deepStrictEqual(of("cCuh"), { dash: "-", delimiter: "", capitals: true, homes: "required" })
  })
})
