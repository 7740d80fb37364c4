import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as FreshHome from "../../../src/core/home/FreshHome.ts"
import * as UserAssign from "../../../src/core/users/UserAssign.ts"

describe("FreshHome.controls", () => {
  for (const [name, defaultDomain, plusDomain] of [
    ["localhost", "localhost", "localhost"],
    ["shark.example", "shark.example", "shark.example"],
    ["mail.shark.example", "shark.example", "shark.example"],
    ["a.b.shark.example", "b.shark.example", "shark.example"]
  ] as const)
    it(`of ${name}: hosts without a dot get ${defaultDomain}, those with a plus ${plusDomain}`, () => {
      const content = (file: string) => FreshHome.controls(name).find(({ path }) => path === `control/${file}`)?.content
      assert.strictEqual(content("defaultdomain"), `${defaultDomain}\n`)
      assert.strictEqual(content("plusdomain"), `${plusDomain}\n`)
      assert.strictEqual(content("me"), `${name}\n`)
    })
})

describe("FreshHome.withUser", () => {
  const owner = { home: "/srv/mail", uid: 7, gid: 8 }
  const none = FreshHome.assignments(owner)
  const one = Result.getOrThrow(FreshHome.withUser(none, "ann", owner))
  it("puts the user before the catch-all", () =>
    assert.strictEqual(
      UserAssign.format(one),
      [
        "=ann:ann:7:8:/srv/mail/mail/ann:::",
        "+ann-:ann:7:8:/srv/mail/mail/ann:-::",
        "+:alias:7:8:/srv/mail/alias:-::",
        ".\n"
      ].join("\n")
    ))
  it("knows who is there, whatever the case", () => {
    assert.deepStrictEqual(FreshHome.usersOf(one), ["ann"])
    assert.deepStrictEqual(FreshHome.withUser(one, "ann", owner), Result.fail("exists"))
  })
})
