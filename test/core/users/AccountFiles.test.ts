import { assert, describe, it } from "@effect/vitest"
import * as AccountFiles from "../../../src/core/users/AccountFiles.ts"

describe("AccountFiles.findByName", () => {
  const passwd =
    "root:x:0:0:root:/root:/bin/sh\n+joe\njoe:x:x:1::/:/\njoe:x:507:100:J:/home/joe:/bin/sh\njoe:x:9:9::/:/"
  const group = "nofiles:x:2107:\nqmail:x:2108:joe,ann\nbroken:x\n"
  it("takes the first line that is an account of this name", () =>
    assert.deepStrictEqual(AccountFiles.findByName(passwd, "joe", AccountFiles.passwdLine), {
      name: "joe",
      uid: 507,
      gid: 100,
      homedir: "/home/joe"
    }))
  for (const [name, gid] of [
    ["nofiles", 2107],
    ["qmail", 2108],
    ["broken", undefined],
    ["qmai", undefined]
  ] as const)
    it(`group ${name}: ${gid ?? "none"}`, () =>
      assert.strictEqual(AccountFiles.findByName(group, name, AccountFiles.groupLine)?.gid, gid))
})

describe("AccountFiles.hasOtherSources", () => {
  for (const [line, answer] of [
    ["passwd: files", false],
    ["passwd:\tfiles # ldap", false],
    ["passwd:files [SUCCESS=return]", false],
    ["passwd: files systemd", true],
    ["passwd: ldap files", true],
    ["group: ldap", false],
    ["", false]
  ] as const)
    it(`${JSON.stringify(line)}: ${answer}`, () =>
      assert.strictEqual(AccountFiles.hasOtherSources(`# names\n${line}\n`, "passwd"), answer))
})
