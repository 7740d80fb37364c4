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
