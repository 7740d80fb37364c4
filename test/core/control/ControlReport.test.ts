import { assert, describe, it } from "@effect/vitest"
import * as ControlReport from "../../../src/core/control/ControlReport.ts"
import * as InstallRecord from "../../../src/core/control/InstallRecord.ts"
import type { ControlMeaning } from "../../../src/core/control/ControlMeaning.ts"
import * as Settings from "../../../src/core/control/Settings.ts"

/** Every line does what it says. What the rules say is in test/shell/home/ControlMeanings.test.ts. */
const nothingElse: ControlMeaning = {
  accepts: () => false,
  route: (address) => ({ to: "mx", address }),
  doubt: () => undefined
}
const troubled = "\0"
const reported = (files: Readonly<Record<string, string>>, classic = true, mtimes: Record<string, number> = {}) =>
  ControlReport.report({
    classic,
    meaning: nothingElse,
    names: Object.keys(files),
    found: (name) =>
      files[name] === undefined
        ? { _tag: "Missing" }
        : files[name] === troubled
          ? { _tag: "Trouble" }
          : { _tag: "Content", content: files[name], mtime: mtimes[name] ?? 0 }
  })
const about = (name: string, files: Readonly<Record<string, string>>, classic = true, mtimes = {}) =>
  reported(files, classic, mtimes)
    .split("\n\n")
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${name}:`))

describe("ControlReport.report", () => {
  it("shows the list that a missing file stands for in homes of our own", () => {
    assert.match(
      about("foreigncommands", {}, false)!,
      /^foreigncommands: \(Default\.\) GET POST .* \(commands of other/
    )
    assert.strictEqual(about("foreigncommands", {}), undefined)
  })

  for (const [name, files, said] of [
    ["me", {}, "me: (Default.) My name is undefined! Uh-oh."],
    ["helohost", {}, "helohost: (Default.) SMTP client HELO host name is helohost."],
    ["helohost", { me: "a.b\n" }, "helohost: (Default.) SMTP client HELO host name is a.b."],
    ["bouncefrom", { me: "a.b\n" }, "bouncefrom: (Default.) Bounce user name is MAILER-DAEMON."],
    ["databytes", { databytes: "7 bytes\n" }, "databytes: SMTP DATA limit is 7 bytes."],
    ["databytes", { databytes: "seven\n" }, "databytes: (Default.) SMTP DATA limit is 0 bytes."],
    ["databytes", { databytes: "4294967295\n" }, "databytes: SMTP DATA limit is 0 bytes."],
    ["locals", { locals: "" }, "locals:"],
    [
      "locals",
      { locals: "a\n#b\nc\x07\n" },
      "locals: \nMessages for a are delivered locally.\nMessages for c? are delivered locally."
    ],
    ["locals", { locals: troubled }, "locals: Oops! Trouble reading this file."],
    ["morercpthosts", {}, "morercpthosts: (Default.) No rcpthosts; morercpthosts is irrelevant."],
    ["morercpthosts", { rcpthosts: "" }, "morercpthosts: (Default.) No effect."],
    ["maxhops", {}, undefined],
    ["maxhops", { maxhops: "5\n" }, "maxhops: I have no idea what this file does."],
    ["a?b", { "a\x1bb": "" }, "a?b: I have no idea what this file does."]
  ] as const)
    it(`${name} with ${JSON.stringify(files)}: ${said}`, () => assert.strictEqual(about(name, files), said))

  for (const [source, made, said] of [
    [undefined, undefined, "(Default.) No effect."],
    [undefined, 1, "Oops! morercpthosts.cdb exists but morercpthosts doesn't."],
    [1, undefined, "Oops! morercpthosts exists but morercpthosts.cdb doesn't."],
    [2, 1, "Oops! morercpthosts.cdb is older than morercpthosts."],
    [1.9, 1.1, "Modified recently enough; hopefully up to date."],
    [1, 2, "Modified recently enough; hopefully up to date."]
  ] as const)
    it(`morercpthosts of ${source}, its database of ${made}: ${said}`, () =>
      assert.strictEqual(
        about(
          "morercpthosts.cdb",
          {
            ...(source !== undefined && { morercpthosts: "" }),
            ...(made !== undefined && { "morercpthosts.cdb": "" })
          },
          true,
          { morercpthosts: source, "morercpthosts.cdb": made }
        ),
        `morercpthosts.cdb: ${said}`
      ))

  it("in a home of ours, says something about every control file, and with our defaults", () => {
    for (const { name } of Settings.all) assert.isDefined(about(name, {}, false), name)
    assert.strictEqual(about("databytes", {}, false), "databytes: (Default.) SMTP DATA limit is 52428800 bytes.")
    assert.match(about("maxhops", { maxhops: "5\n" }, false)!, /^maxhops: 5 \(.+\)\.$/)
  })
})

describe("ControlReport.preamble", () => {
  it("shows what was installed; a missing account looks like uid -1", () => {
    const names = { qmaild: 2, qmaill: 3, root: 0, qmailp: 5, qmailq: 6, qmailr: 7 }
    const text = ControlReport.preamble({
      home: "/var/qmail",
      record: InstallRecord.qmailHome,
      uids: { ...names, alias: 1, qmails: undefined },
      gids: { qmail: 2108, nofiles: 2107 }
    })
    assert.strictEqual(
      text,
      [
        "qmail home directory: /var/qmail.",
        "user-ext delimiter: -.",
        "paternalism (in decimal): 2.",
        "silent concurrency limit: 120.",
        "subdirectory split: 23.",
        "user ids: 1, 2, 3, 0, 5, 6, 7, 4294967295.",
        "group ids: 2107, 2108.\n"
      ].join("\n")
    )
  })
})
