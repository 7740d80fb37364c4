import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as UserAssign from "../../../src/core/users/UserAssign.ts"

const parsed = (content: string) =>
  Result.match(UserAssign.parse(content), {
    onFailure: ({ line, reason }) => `line ${line}: ${reason}`,
    onSuccess: (assignments) => assignments.map(UserAssign.formatLine).join("")
  })

const noDot = "the file does not end with a line that is a dot"

describe("UserAssign.parse", () => {
  for (const [content, outcome] of [
    [".\n", ""],
    [".", ""],
    ["=joe:joe:507:100:/home/joe:::\n.\n", "=joe:joe:507:100:/home/joe:::\n"],
    ["+joe-:joe:507:100:/home/joe:-:pre:more:\n.\n", "+joe-:joe:507:100:/home/joe:-:pre:\n"],
    ["?x:u:1:2:/:::\n.\n", "=x:u:1:2:/:::\n"],
    ["=a:u:1:2:/:::\n.the rest is ignored\n=", "=a:u:1:2:/:::\n"],
    ["", `line 1: ${noDot}`],
    ["=a:u:1:2:/:::\n", `line 2: ${noDot}`],
    ["=a:u:1:2:/:::\n=b", `line 2: ${noDot}`],
    ["=a:u:1:2:/:::\n# comment\n.\n", "line 2: fewer than seven colons"],
    ["=a:u:1:2:/:-:x\n.\n", "line 1: fewer than seven colons"],
    ["\n.\n", "line 1: the line does not begin with = or +"],
    [":a:b:c:d:e:f:g:\n.\n", "line 1: the line does not begin with = or +"],
    ["=a\0:u:1:2:/:::\n.\n", "line 1: a zero byte"]
  ] as const)
    it(JSON.stringify(content), () => assert.strictEqual(parsed(content), outcome))

  it("reads what it formats", () => {
    const content = "+a-:u:1:2:/h:-:x:\n=A:u:1:2:/h:::\n.\n"
    assert.strictEqual(UserAssign.format(Result.getOrThrow(UserAssign.parse(content))), content)
  })
})

describe("UserAssign.records", () => {
  it("keys are in lower case, data as written, and the last record holds the endings of prefixes", () => {
    const content = "=Joe:Joe:1:2:/H:::\n+JOE-:Joe:1:2:/H:-:E:\n+b+:u:3:4:/:-::\n+c-:u:3:4:/:-::\n+:a:5:6:/a:-::\n.\n"
    assert.deepStrictEqual(UserAssign.records(Result.getOrThrow(UserAssign.parse(content))), [
      { key: "!joe\0", data: "Joe\x001\x002\0/H\0\0" },
      { key: "!joe-", data: "Joe\x001\x002\0/H\0-\0E" },
      { key: "!b+", data: "u\x003\x004\0/\0-\0" },
      { key: "!c-", data: "u\x003\x004\0/\0-\0" },
      { key: "!", data: "a\x005\x006\0/a\0-\0" },
      { key: "", data: "-+" }
    ])
  })
})
