import { assert, describe, it } from "@effect/vitest"
import * as Finding from "../../../src/core/control/Finding.ts"
import * as Layout from "../../../src/core/home/Layout.ts"
import * as LayoutCheck from "../../../src/core/home/LayoutCheck.ts"

const entries = Layout.entries({ split: 23, owners: "many" })
const entry = (path: string) =>
  path.startsWith("bin/") ? Layout.program(path.slice(4)) : entries.find((one) => one.path === path)!
const asItShould = (path: string): LayoutCheck.Seen => ({ ...entry(path), uid: 1, gid: 2, isScript: false })

const judged = (path: string, change: Partial<LayoutCheck.Seen> = {}, expected: LayoutCheck.Expected = own) =>
  LayoutCheck.judge(entry(path), { ...asItShould(path), ...change }, expected)
    .map(Finding.format)
    .join("\n")
const own = { uid: 1, gid: 2 }

describe("Layout.entries", () => {
  it("has qmail's queue, with its owners and modes", () => {
    const shown = (path: string) => {
      const { group, kind, mode, owner } = entry(path)
      return `${kind} ${owner}:${group} ${mode.toString(8)}`
    }
    assert.strictEqual(shown("queue/mess/22"), "directory qmailq:qmail 750")
    assert.strictEqual(shown("queue/remote/0"), "directory qmails:qmail 700")
    assert.strictEqual(shown("queue/lock/trigger"), "fifo qmails:qmail 622")
    assert.strictEqual(shown("queue/lock/tcpto"), "file qmailr:qmail 644")
    assert.strictEqual(shown("alias"), "directory alias:qmail 2755")
    assert.strictEqual(entries.filter(({ path }) => /^queue\/\w+\/\d+$/.test(path)).length, 4 * 23)
  })
  it("a home with one owner shows its mail to nobody else", () =>
    assert.deepStrictEqual(
      Layout.entries({ split: 23, owners: "one" })
        .filter(({ path }) => path === "alias" || path === "mail")
        .map(({ mode }) => mode),
      [0o700, 0o700]
    ))
  it("a directory stands before what is in it", () => {
    const seen = new Set<string>()
    for (const { path } of entries) {
      if (path.includes("/")) assert.isTrue(seen.has(path.slice(0, path.lastIndexOf("/"))), path)
      seen.add(path)
    }
  })
})

describe("LayoutCheck.judge", () => {
  for (const [what, findings, expected] of [
    ["as it should be", judged("queue/todo"), ""],
    ["nobody knows the owner here", judged("queue/todo", { uid: 9 }, { uid: undefined, gid: undefined }), ""],
    ["a file for a directory", judged("queue/todo", { kind: "file" }), "error: queue/todo: is no directory"],
    ["somebody else's queue", judged("queue/todo", { uid: 9 }), "error: queue/todo: belongs to uid 9 instead of 1"],
    ["another group's queue", judged("queue/todo", { gid: 9 }), "warning: queue/todo: belongs to gid 9 instead of 2"],
    ["somebody else's controls", judged("control", { uid: 9 }), "warning: control: belongs to uid 9 instead of 1"],
    ["programs of root, in a home of somebody else", judged("bin", { uid: 0 }), ""],
    ["programs of a third", judged("bin", { uid: 9 }), "warning: bin: belongs to uid 9 instead of 1"],
    [
      "[W19] controls for everybody",
      judged("control", { mode: 0o777 }),
      "error: control: is writable to others: mode 0777, not 0755"
    ],
    [
      "[W19] programs for the group",
      judged("bin", { mode: 0o775 }),
      "error: bin: is writable to its group: mode 0775, not 0755"
    ],
    [
      "a queue that its owner cannot write",
      judged("queue/pid", { mode: 0o500 }),
      "error: queue/pid: its owner has no access: mode 0500, not 0700"
    ],
    [
      "a queue that others may look at",
      judged("queue/pid", { mode: 0o755 }),
      "warning: queue/pid: has mode 0755, not 0700"
    ],
    ["a script of ours", judged("bin/qmail-send", { isScript: true }), ""],
    ["machine code that nobody can read", judged("bin/qmail-send", { mode: 0o711 }), ""],
    [
      "a script that only its owner can read",
      judged("bin/qmail-send", { isScript: true, mode: 0o711 }),
      "warning: bin/qmail-send: has mode 0711, not 0755"
    ],
    [
      "a program that others can change",
      judged("bin/forward", { mode: 0o777 }),
      "error: bin/forward: is writable to others: mode 0777, not 0755"
    ],
    ["a program of root, in a home of somebody else", judged("bin/forward", { uid: 0 }), ""],
    ["aliases without set-gid", judged("alias", { mode: 0o755 }), ""],
    [
      "no room for timeouts",
      judged("queue/lock/tcpto", { bytes: 0 }),
      "warning: queue/lock/tcpto: has 0 bytes instead of 1024"
    ]
  ] as const)
    it(`${what}: ${expected || "fine"}`, () => assert.strictEqual(findings, expected))

  it("what is missing is an error, unless nothing needs it", () => {
    const missing = (path: string) => LayoutCheck.judge(entry(path), undefined, own).map(Finding.format).join("\n")
    assert.strictEqual(missing("queue/mess/7"), "error: queue/mess/7: does not exist")
    assert.strictEqual(missing(""), "error: .: does not exist")
    assert.strictEqual(missing("man/man8"), "")
    assert.strictEqual(missing("bin/forward"), "")
  })
})

describe("LayoutCheck, the directory where other accounts leave mail", () => {
  const drop = Layout.entries({ split: 23, owners: "one" }).find(({ path }) => path === Layout.drop)!
  const seen: LayoutCheck.Seen = { ...drop, uid: 1, gid: 2, isScript: false }
  const judgedDrop = (change: Partial<LayoutCheck.Seen>) =>
    LayoutCheck.judge(drop, { ...seen, ...change }, own).map(Finding.format)
  for (const [what, change, found] of [
    ["as it is made", {}, []],
    ["shut on purpose", { mode: 0o700 }, []],
    [
      "not sticky",
      { mode: 0o2777 },
      ["error: drop: others can remove mail, or keep it from its owner: mode 2777, not 3777"]
    ],
    [
      "not set-gid",
      { mode: 0o1777 },
      ["error: drop: others can remove mail, or keep it from its owner: mode 1777, not 3777"]
    ],
    ["another's", { uid: 9 }, ["error: drop: belongs to uid 9 instead of 1"]],
    ["another group's", { gid: 9 }, ["warning: drop: belongs to gid 9 instead of 2"]]
  ] as ReadonlyArray<readonly [string, Partial<LayoutCheck.Seen>, ReadonlyArray<string>]>)
    it(`${what}: ${found.length === 0 ? "fine" : found[0]}`, () =>
      assert.deepStrictEqual(judgedDrop(change), [...found]))
  it("need not be there", () => assert.deepStrictEqual(LayoutCheck.judge(drop, undefined, own), []))
  it("is named where others cannot reach it", () => {
    assert.deepStrictEqual(LayoutCheck.keptOut([]), [])
    assert.include(Finding.format(LayoutCheck.keptOut(["/home/joe", "/home/joe/mail"])[0]!), "may not enter /home/joe")
  })
})
