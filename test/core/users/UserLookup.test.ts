import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Cdb from "../../../src/core/control/Cdb.ts"
import type { UserAccount } from "../../../src/core/users/UserAccount.ts"
import * as UserAssign from "../../../src/core/users/UserAssign.ts"
import * as UserLookup from "../../../src/core/users/UserLookup.ts"

const databaseOf = (assign: string) => {
  const file = Result.getOrThrow(Cdb.build(UserAssign.records(Result.getOrThrow(UserAssign.parse(assign)))))
  return (key: string) => Cdb.find(file, key)
}

const told = (find: UserLookup.Find, local: string) =>
  Result.match(UserLookup.inDatabase(find, local), {
    onFailure: (exitCode) => `exit ${exitCode}`,
    onSuccess: (fields) => fields?.replaceAll("\0", " ") ?? "nobody"
  })

describe("UserLookup.inDatabase", () => {
  const find = databaseOf(
    [
      "=joe.shmoe:joe:503:78:/home/joe:::",
      "+:alias:7790:2108:/var/qmail/alias:-::",
      "+joe-:joe:507:100:/home/joe:-::",
      "=joe:joe:507:100:/home/joe:::",
      "=Joe:second:1:1:/:::",
      "+joe-list-:lists:9:9:/lists:-:joe-:",
      "=joe-list-x:exact:9:9:/exact:::",
      "."
    ].join("\n")
  )
  for (const [local, fields] of [
    ["joe.shmoe", "joe 503 78 /home/joe   "],
    ["Joe", "joe 507 100 /home/joe   "],
    ["joe-Direct", "joe 507 100 /home/joe - Direct "],
    ["joe-", "joe 507 100 /home/joe -  "],
    ["bill", "alias 7790 2108 /var/qmail/alias - bill "],
    ["joey", "alias 7790 2108 /var/qmail/alias - joey "],
    ["joe-list-x", "exact 9 9 /exact   "],
    ["JOE-LIST-Y", "lists 9 9 /lists - joe-Y "],
    ["joe-list", "joe 507 100 /home/joe - list "],
    ["", "alias 7790 2108 /var/qmail/alias -  "]
  ] as const)
    it(`${local} belongs to ${fields}`, () => assert.strictEqual(told(find, local), fields))

  it("without a catch-all somebody may be nobody's", () =>
    assert.strictEqual(told(databaseOf("=joe:joe:1:1:/:::\n."), "ann"), "nobody"))
  it("only characters that end a prefix are tried", () => {
    const tried: Array<string> = []
    const noting: UserLookup.Find = (key) => {
      tried.push(key)
      return Result.succeed(key === "" ? "-" : undefined)
    }
    told(noting, "a-bc")
    assert.deepStrictEqual(tried, ["", "!a-bc\0", "!a-", "!"])
  })
  it("a database without the record of endings, or a damaged one, is trouble", () => {
    assert.strictEqual(
      told(() => Result.succeed(undefined), "joe"),
      "exit 117"
    )
    assert.strictEqual(
      told((key) => (key === "" ? Result.succeed("") : Result.fail("corrupt")), "joe"),
      "exit 117"
    )
  })
})

const account = (change: Partial<UserAccount> = {}): UserAccount => ({
  user: "joe",
  uid: 507,
  gid: 100,
  homedir: "/home/joe",
  dash: "-",
  ext: "x",
  ...change
})

describe("UserLookup.fromFields", () => {
  it("reads what toFields writes", () =>
    assert.deepStrictEqual(UserLookup.fromFields(UserLookup.toFields(account())), Result.succeed(account())))
  it("a uid that is no number is root's, who gets no mail", () => {
    const odd = Result.getOrThrow(UserLookup.fromFields("joe\0x\x001\0/\0\0\0"))
    assert.strictEqual(odd.uid, 0)
    assert.strictEqual(UserLookup.refusal(odd, "many", 0), 113)
  })
  it("five fields are not enough", () =>
    assert.deepStrictEqual(UserLookup.fromFields("joe\x001\x001\0/\0-\0"), Result.fail(112)))
})

describe("UserLookup.refusal", () => {
  for (const [uid, owners, ownUid, exitCode] of [
    [507, "many", 0, undefined],
    [0, "many", 0, 113],
    [507, "one", 507, undefined],
    [0, "one", 0, undefined],
    [508, "one", 507, 118],
    [0, "one", 507, 118]
  ] as const)
    it(`uid ${uid} in a home of ${owners}, we are ${ownUid}: ${exitCode ?? "may deliver"}`, () =>
      assert.strictEqual(UserLookup.refusal(account({ uid }), owners, ownUid), exitCode))
})

describe("UserLookup.candidates", () => {
  const listed = (local: string, delimiter = "-") =>
    UserLookup.candidates(local, delimiter)
      .map(({ dash, ext, name }) => `${name}|${dash}|${ext}`)
      .join(" ")
  for (const [local, delimiter, expected] of [
    ["Joe", "-", "joe||"],
    ["joe-a-B", "-", "joe-a-b|| joe-a|-|B joe|-|a-B"],
    ["-x", "-", "-x|| |-|x"],
    ["joe+x", "+", "joe+x|| joe|-|x"],
    ["joe-x", "", "joe-x||"],
    ["", "-", "||"]
  ] as const)
    it(`${JSON.stringify(local)} with delimiter ${JSON.stringify(delimiter)}: ${expected}`, () =>
      assert.strictEqual(listed(local, delimiter), expected))
  it("a name has at most 31 bytes", () => {
    assert.strictEqual(listed("a".repeat(31)), `${"a".repeat(31)}||`)
    assert.strictEqual(listed("a".repeat(32)), "")
    assert.strictEqual(listed(`joe-${"a".repeat(40)}`), `joe|-|${"a".repeat(40)}`)
  })
})

describe("UserLookup.judge", () => {
  const candidate = { name: "joe", dash: "-", ext: "x" }
  const judged = (uid: number, home: UserLookup.HomeFacts) => {
    const verdict = UserLookup.judge(candidate, { name: "joe", uid, gid: 100, homedir: "/home/joe" }, home)
    return verdict._tag === "Failed" ? verdict.exitCode : verdict._tag
  }
  for (const [what, uid, home, verdict] of [
    ["he owns his home", 507, { _tag: "Owned", uid: 507 }, "Accepted"],
    ["root owns his home", 507, { _tag: "Owned", uid: 0 }, "Refused"],
    ["he is root", 0, { _tag: "Owned", uid: 0 }, "Refused"],
    ["his home is gone", 507, { _tag: "Unseen", errno: "ENOENT" }, "Refused"],
    ["nobody may look", 507, { _tag: "Unseen", errno: "EACCES" }, "Refused"],
    ["the server of homes does not answer", 507, { _tag: "Unseen", errno: "ETIMEDOUT" }, 115]
  ] as const)
    it(`[W9] ${what}: ${verdict}`, () => assert.strictEqual(judged(uid, home), verdict))

  it("what nobody has is the alias account's; without one there is trouble", () => {
    const alias = { name: "alias", uid: 7, gid: 8, homedir: "/var/qmail/alias" }
    assert.deepStrictEqual(UserLookup.asAlias(alias, "Bill"), {
      _tag: "Accepted",
      account: { user: "alias", uid: 7, gid: 8, homedir: "/var/qmail/alias", dash: "-", ext: "Bill" }
    })
    assert.deepStrictEqual(UserLookup.asAlias(undefined, "Bill"), { _tag: "Failed", exitCode: 116 })
  })
})
