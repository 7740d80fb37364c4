import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as UserName from "../../../src/core/users/UserName.ts"

describe("UserName.judge", () => {
  for (const [given, outcome] of [
    ["ann", "ann"],
    ["Ann.Smith", "ann.smith"],
    ["ann-shop", "ann-shop"],
    ["j\xc3\xb6rg", "j\xc3\xb6rg"],
    ["a".repeat(64), "a".repeat(64)],
    ["a".repeat(65), "a user name has at most 64 bytes (RFC 5321, 4.5.3.1.1)"],
    ["", "a user name may not be empty"],
    ["../x", "a user name has no slash"],
    [".ssh", "a user name does not begin with a dot, hyphen, plus or equals sign"],
    ["-rf", "a user name does not begin with a dot, hyphen, plus or equals sign"],
    ["a b", "a user name has no blanks and no control bytes"],
    ["a\n", "a user name has no blanks and no control bytes"],
    ["a:b", "a user name has no colon"],
    ["ann@home.example", "give the part before the @ only"],
    ["Alias", "alias is the account of addresses that nobody has"]
  ] as const)
    it(`${JSON.stringify(given)}: ${outcome}`, () => assert.strictEqual(Result.merge(UserName.judge(given)), outcome))
})

describe("UserName.takesFrom", () => {
  for (const [name, users, loser] of [
    ["ann-shop-x", ["ann", "ann-shop"], "ann-shop"],
    ["ann-shop", ["bob", "ann"], "ann"],
    ["annabel", ["ann"], undefined],
    ["ann", ["ann-shop"], undefined]
  ] as const)
    it(`${name} beside ${users.join(", ")}: ${loser ?? "nobody loses mail"}`, () =>
      assert.strictEqual(UserName.takesFrom(name, users), loser))
})
