import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Cdb from "../../../src/core/control/Cdb.ts"
import * as Finding from "../../../src/core/control/Finding.ts"
import * as UserAssign from "../../../src/core/users/UserAssign.ts"
import * as UsersCheck from "../../../src/core/users/UsersCheck.ts"

const good = "=joe:joe:1:2:/home/joe:::\n.\n"
const made = (assign: string) =>
  Result.getOrThrow(Cdb.build(UserAssign.records(Result.getOrThrow(UserAssign.parse(assign)))))

describe("UsersCheck.check", () => {
  for (const [what, assign, database, findings] of [
    ["neither file", undefined, undefined, ""],
    ["both, as they should be", good, made(good), ""],
    ["a database that is behind", `=ann:ann:1:2:/:::\n${good}`, made(good), stale()],
    ["never compiled", good, undefined, "warning: users/assign: has no effect until qmail-newu has run"],
    ["no source", undefined, made(good), "warning: users/cdb: users/assign does not exist"],
    [
      "a damaged database",
      good,
      new Uint8Array(17),
      "error: users/cdb: is damaged: run qmail-newu; until then all local mail waits"
    ],
    ["a bad line, nothing compiled", "=joe\n.\n", undefined, "error: users/assign: line 1: fewer than seven colons"],
    ["a bad line beside a database", "=joe\n.\n", made(good), "warning: users/assign: line 1: fewer than seven colons"],
    [
      "CR LF",
      "=joe:joe:1:2:/home/joe:::\r\n.\r\n",
      made(good),
      [1, 2]
        .map((line) => `warning: users/assign: line ${line}: ends with a carriage return, which is ignored`)
        .join("\n")
    ],
    [
      "a byte order mark, with which joe has another name",
      `\xef\xbb\xbf${good}`,
      made(`\xef\xbb\xbf${good}`),
      "warning: users/assign: line 1: begins with a byte order mark, which is part of the value: save it without"
    ],
    [
      "UTF-16",
      "\xff\xfe=\0j\0",
      undefined,
      "error: users/assign: is UTF-16 text, of which nothing is understood: save it as UTF-8"
    ],
    [
      "fields that mean nothing",
      "=a:a:1:2:/:::\n=joe:joe:x:-1:home:::\n.\n",
      undefined,
      [
        "error: users/assign: line 2: uid x is no number",
        "error: users/assign: line 2: gid -1 is no number",
        "error: users/assign: line 2: home home is no absolute path"
      ].join("\n")
    ]
  ] as const)
    it(what, () => assert.strictEqual(UsersCheck.check(assign, database).map(Finding.format).join("\n"), findings))
})

describe("UsersCheck.check of a home with one owner", () => {
  it("nobody else can be delivered to", () => {
    assert.deepStrictEqual(UsersCheck.check(good, made(good), 1), [])
    assert.deepStrictEqual(UsersCheck.check(good, made(good), 1000).map(Finding.format), [
      "error: users/assign: line 1: uid 1 is not that of the home's owner, 1000: mail to it is deferred"
    ])
  })
})

function stale() {
  return "warning: users/cdb: was not made from users/assign as it is now: run qmail-newu"
}

describe("UsersCheck.checkSource", () => {
  for (const [name, content, findings] of [
    ["exclude", "# x\r\njoe\n", ""],
    ["exclude", "joe\r\n", "warning: users/exclude: line 1: ends with a carriage return, which is part of the value"],
    ["mailnames", "joe:jo", ""],
    [
      "append",
      "+:alias:1:2:/a:-::",
      "warning: users/append: line 1: has no line feed at its end: the dot that ends users/assign comes into this line"
    ],
    [
      "subusers",
      "\xef\xbb\xbfa:joe:b:\n",
      "warning: users/subusers: line 1: begins with a byte order mark, which is part of the value: save it without"
    ]
  ] as const)
    it(`${name} with ${JSON.stringify(content)}: ${findings || "fine"}`, () =>
      assert.strictEqual(UsersCheck.checkSource(name, content).map(Finding.format).join("\n"), findings))
})
