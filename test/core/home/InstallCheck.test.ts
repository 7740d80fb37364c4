import { assert, describe, it } from "@effect/vitest"
import * as InstallCheck from "../../../src/core/home/InstallCheck.ts"
import * as Layout from "../../../src/core/home/Layout.ts"
import type { Seen } from "../../../src/core/home/LayoutCheck.ts"

const entries = Layout.entries({ split: 23, owners: "many" })
const entry = (path: string) =>
  path.startsWith("bin/") ? Layout.program(path.slice(4)) : entries.find((one) => one.path === path)!
const own = { uid: 1, gid: 2 }
const judged = (path: string, change: Partial<Seen> = {}, expected: { uid?: number; gid?: number } = own) =>
  InstallCheck.judge(
    entry(path),
    { ...entry(path), ...own, isScript: false, ...change },
    { uid: expected.uid, gid: expected.gid }
  )

describe("InstallCheck.judge", () => {
  for (const [what, found, expected] of [
    ["as it should be", judged("queue/todo"), []],
    ["another owner", judged("queue/todo", { uid: 9 }), ["has wrong owner"]],
    ["another group", judged("queue/todo", { gid: 9 }), ["has wrong group"]],
    ["another owner where nobody is expected", judged("queue/todo", { uid: 9, gid: 9 }, {}), []],
    ["a bit more", judged("queue/todo", { mode: 0o751 }), ["has wrong permissions"]],
    ["a bit less", judged("alias", { mode: 0o755 }), ["has wrong permissions"]],
    ["a file for a directory", judged("queue/todo", { kind: "file" }), ["has wrong type"]],
    ["a file for the FIFO", judged("queue/lock/trigger", { kind: "file" }), ["has wrong type"]],
    [
      "all of it wrong, in this order",
      judged("queue/pid", { uid: 9, gid: 9, mode: 0o644, kind: "file" }),
      ["has wrong owner", "has wrong group", "has wrong permissions", "has wrong type"]
    ],
    ["another size", judged("queue/lock/tcpto", { bytes: 7 }), []],
    ["our qmail-send", judged("bin/qmail-send", { isScript: true, mode: 0o755 }), []],
    [
      "our qmail-send, which nobody can read",
      judged("bin/qmail-send", { isScript: true, mode: 0o711 }),
      ["has wrong permissions"]
    ],
    ["notqmail's qmail-send", judged("bin/qmail-send", { mode: 0o711 }), []],
    ["notqmail's qmail-queue", judged("bin/qmail-queue", { mode: 0o4711 }), []],
    ["notqmail's qmail-queue without its right", judged("bin/qmail-queue", { mode: 0o711 }), ["has wrong permissions"]]
  ] as const)
    it(`${what}: ${expected.join(", ") || "nothing"}`, () => assert.deepStrictEqual([...found], [...expected]))
  it("what is not there does not exist", () =>
    assert.deepStrictEqual(InstallCheck.judge(entry("man/man8"), undefined, own), ["does not exist"]))
})

describe("InstallCheck.nameOf", () => {
  for (const [path, name] of [
    ["", "/var/qmail"],
    ["queue/mess/3", "/var/qmail/queue/mess/3"],
    ["bin", "/var/qmail/bin"],
    ["bin/forward", ".../bin/forward"]
  ] as const)
    it(name, () => assert.strictEqual(InstallCheck.nameOf("/var/qmail", entry(path)), name))
})
