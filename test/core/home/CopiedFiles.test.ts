import { assert, describe, it } from "@effect/vitest"
import * as CopiedFiles from "../../../src/core/home/CopiedFiles.ts"
import * as Layout from "../../../src/core/home/Layout.ts"

const many = { split: 23, owners: "many" } as const
const one = { split: 23, owners: "one" } as const
const found = (path: string, shape: Layout.Shape = many) =>
  CopiedFiles.entries(shape, "/var/qmail").find((entry) => entry.path === path)
const shown = (path: string) => {
  const entry = found(path)
  return entry && `${entry.owner}:${entry.group} ${entry.mode.toString(8)}`
}

describe("CopiedFiles.entries", () => {
  for (const [path, expected] of [
    ["bin/qmail-queue", "qmailq:qmail 4755"],
    ["bin/qmail-start", "root:qmail 700"],
    ["bin/qmail-send", "root:qmail 755"],
    ["bin/package.json", "root:qmail 644"],
    ["boot/home+df", "root:qmail 755"],
    ["man/man8/qmail-send.8", "root:qmail 644"],
    ["man/man5/dot-qmail.5", "root:qmail 644"],
    ["doc/INSTALL.md", "root:qmail 644"],
    ["doc/service/qmail.service", "root:qmail 644"],
    ["doc/control/rcpthosts", "root:qmail 644"],
    // These set up a host, and stay where they were built.
    ["bin/hostname", undefined],
    ["bin/dnsip", undefined],
    ["bin/instcheck", undefined],
    ["man/man8/instcheck.8", undefined]
  ] as const)
    it(`${path}: ${expected ?? "not in a home"}`, () => assert.strictEqual(shown(path), expected))

  it("a home with one owner has programs and nothing else", () =>
    assert.deepStrictEqual(
      CopiedFiles.entries(one, "/home/joe/mail").filter(({ path }) => !path.startsWith("bin/")),
      []
    ))
  it("every file lies in a directory of the layout, and no path is there twice", () => {
    for (const shape of [one, many]) {
      const all = [...Layout.entries(shape), ...CopiedFiles.entries(shape, "/var/qmail")]
      const directories = new Set(all.filter(({ kind }) => kind === "directory").map(({ path }) => path))
      for (const { path } of all)
        if (path.includes("/")) assert.isTrue(directories.has(path.slice(0, path.lastIndexOf("/"))), path)
      assert.strictEqual(new Set(all.map(({ path }) => path)).size, all.length)
    }
  })
})

describe("CopiedFiles.chosen", () => {
  const chosen = (...words: ReadonlyArray<string>) => CopiedFiles.chosen(words, many, "/var/qmail")
  it("without words: everything, the home first", () => {
    assert.strictEqual(chosen()![0]!.path, "")
    assert.strictEqual(chosen()!.length, Layout.entries(many).length + CopiedFiles.entries(many, "/var/qmail").length)
  })
  it("queue-only: the queue and nothing else", () => {
    assert.strictEqual(chosen("queue-only")!.length, 6 + 4 * 24 + 3)
    for (const { path } of chosen("queue-only")!) assert.match(path, /^queue(\/|$)/)
  })
  for (const words of [["queueonly"], ["queue-only", "queue-only"], [""]])
    it(`${JSON.stringify(words)}: no such thing`, () => assert.isUndefined(chosen(...words)))
})

describe("Layout", () => {
  it("who may run a program may read it, if it is a script; of machine code notqmail's mode is right", () => {
    const modes = (name: string) =>
      [true, false].map((isScript) => Layout.modeOf(Layout.program(name), isScript).toString(8))
    assert.deepStrictEqual(modes("qmail-queue"), ["4755", "4711"])
    assert.deepStrictEqual(modes("qmail-send"), ["755", "711"])
    assert.deepStrictEqual(modes("qmail-start"), ["700", "700"])
    assert.deepStrictEqual(modes("forward"), ["755", "755"])
  })
  for (const [path, isHome] of [
    ["/var/qmail", true],
    ["/srv/q mail", true],
    ["var/qmail", false],
    ["/a:b", false],
    ["/a\nb", false]
  ] as const)
    it(`${JSON.stringify(path)} ${isHome ? "can" : "cannot"} be a home`, () =>
      assert.strictEqual(Layout.isHomePath(path), isHome))
})
