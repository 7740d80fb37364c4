import { assert, describe, it } from "@effect/vitest"
import { qmailHome } from "../../../src/core/control/InstallRecord.ts"
import * as AccountPlan from "../../../src/core/home/AccountPlan.ts"

const nobody = { user: () => false, group: () => false }
const passwd = [{ name: "daemon", uid: 999, gid: 998, homedir: "/" }]
const group = [{ name: "people", gid: 997 }]

describe("AccountPlan", () => {
  it("makes qmail's two groups and seven accounts where there are none", () =>
    assert.deepStrictEqual(
      AccountPlan.commands(AccountPlan.missing(qmailHome, "/var/qmail", nobody)).map((words) => words.join(" ")),
      [
        "groupadd -r nofiles",
        "groupadd -r qmail",
        "useradd -r -M -g nofiles -d /var/qmail/alias -s /bin/false alias",
        "useradd -r -M -g nofiles -d /var/qmail -s /bin/false qmaild",
        "useradd -r -M -g nofiles -d /var/qmail -s /bin/false qmaill",
        "useradd -r -M -g nofiles -d /var/qmail -s /bin/false qmailp",
        "useradd -r -M -g qmail -d /var/qmail -s /bin/false qmailq",
        "useradd -r -M -g qmail -d /var/qmail -s /bin/false qmailr",
        "useradd -r -M -g qmail -d /var/qmail -s /bin/false qmails"
      ]
    ))
  it("makes only what is missing, under the names of the installation", () => {
    const names = { ...qmailHome, users: { ...qmailHome.users, qmaill: "maillog" } }
    const plan = AccountPlan.missing(names, "/var/qmail", { user: (name) => name !== "maillog", group: () => true })
    assert.deepStrictEqual(plan, { groups: [], users: [{ name: "maillog", group: "nofiles", homedir: "/var/qmail" }] })
    assert.isFalse(AccountPlan.isComplete(plan))
  })
  it("is complete where all are there", () =>
    assert.isTrue(AccountPlan.isComplete(AccountPlan.missing(qmailHome, "/", { user: () => true, group: () => true }))))
  it("[W143] lines for the files clash with no id in them, nor with each other", () => {
    const { group: groups, passwd: users } = AccountPlan.lines(AccountPlan.missing(qmailHome, "/var/qmail", nobody), {
      users: passwd,
      groups: group
    })
    assert.deepStrictEqual(groups, ["nofiles:x:999:", "qmail:x:996:"])
    assert.strictEqual(users[0], "alias:x:998:999::/var/qmail/alias:/bin/false")
    assert.strictEqual(users[6], "qmails:x:992:996::/var/qmail:/bin/false")
  })
  it("[W143] uses the group that is there already", () => {
    const plan = AccountPlan.missing(qmailHome, "/q", { user: (name) => name !== "qmailq", group: () => true })
    assert.deepStrictEqual(AccountPlan.lines(plan, { users: passwd, groups: [{ name: "qmail", gid: 2108 }] }).passwd, [
      "qmailq:x:998:2108::/q:/bin/false"
    ])
  })
})
