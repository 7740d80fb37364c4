import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { fromChunk } from "../../../src/core/Bytes.ts"
import * as Cdb from "../../../src/core/control/Cdb.ts"
import * as ControlCheck from "../../../src/core/control/ControlCheck.ts"
import * as Finding from "../../../src/core/control/Finding.ts"
import * as Settings from "../../../src/core/control/Settings.ts"

const contextOf = (files: Readonly<Record<string, string>>, classic = false): ControlCheck.ControlContext => ({
  classic,
  content: (name) => files[name],
  isRelayClient: (entry) => entry.startsWith("192.0.2.")
})
const said = (findings: ReadonlyArray<Finding.Finding>) => findings.map(Finding.format).join("\n")
const checked = (name: string, content: string) => said(ControlCheck.checkFile(name, contextOf({ [name]: content })))

const mark = "begins with a byte order mark, which is part of the value: save it without"
const utf16 = "is UTF-16 text, of which nothing is understood: save it as UTF-8"

const cdbOf = (...keys: ReadonlyArray<string>) =>
  fromChunk(Result.getOrThrow(Cdb.build(keys.map((key) => ({ key, data: "" })))))

describe("ControlCheck.checkFile", () => {
  for (const [name, content, findings] of [
    ["me", "mail.shark.example\n", ""],
    ["me", "mail.shark.example \t\n\n", ""],
    ["me", "", "warning: control/me: line 1: is empty: the value is empty, not the default"],
    ["me", "a b\n", "warning: control/me: line 1: a b is no domain name"],
    ["me", "a.example\r\n", "warning: control/me: line 1: ends with a carriage return, which is part of the value"],
    ["me", "a.example\n# my name\n", "warning: control/me: line 2: only the first line is read"],
    ["me", "a\0b\n", "error: control/me: has a zero byte"],
    [
      "smtpgreeting",
      " ready\n",
      "warning: control/smtpgreeting: line 1: the blanks at the start are part of the value"
    ],
    ["smtpgreeting", "\n", ""],
    ["classic", "1\n", ""],
    ["classic", "yes\n", "error: control/classic: line 1: is neither 0 nor 1"],
    ["concurrencyremote", "500\n", ""],
    [
      "concurrencyremote",
      "many\n",
      "warning: control/concurrencyremote: line 1: does not begin with a digit: as if the file did not exist"
    ],
    [
      "concurrencyremote",
      "-1\n",
      "warning: control/concurrencyremote: line 1: does not begin with a digit: as if the file did not exist"
    ],
    [
      "concurrencyremote",
      "20\r\n",
      "warning: control/concurrencyremote: line 1: ends with a carriage return, which is ignored"
    ],
    ["concurrencylocal", "0\n", "warning: control/concurrencylocal: line 1: is 0: no local mail is delivered"],
    ["concurrencybounce", "0\n", "warning: control/concurrencybounce: line 1: 0 counts as 1"],
    ["openrelay", "2\n", "warning: control/openrelay: line 1: 2 counts as 0"],
    ["esmtp", "7\n", "warning: control/esmtp: line 1: 7 counts as 1"],
    ["maxhops", "0\n", "warning: control/maxhops: line 1: is 0: every message counts as a loop"],
    ["timeoutremote", "0\n", "warning: control/timeoutremote: line 1: is 0: no server answers in time"],
    ["barecr", "Refuse\n", "warning: control/barecr: line 1: is none of convert, refuse: as if the file did not exist"],
    [
      "doublebounceto",
      "joe@a.example\n",
      "warning: control/doublebounceto: line 1: joe@a.example is an address, not a user: a host is added all the same"
    ],
    ["me", "\xef\xbb\xbfa.example\n", `warning: control/me: line 1: ${mark}`],
    [
      "concurrencylocal",
      "\xef\xbb\xbf9\n",
      [
        `warning: control/concurrencylocal: line 1: ${mark}`,
        "warning: control/concurrencylocal: line 1: does not begin with a digit: as if the file did not exist"
      ].join("\n")
    ],
    ["locals", "\xff\xfea\0.\0b\0\n\0", `error: control/locals: ${utf16}`],
    ["locals", "a\0.\0b\0\n\0", `error: control/locals: ${utf16}`],
    ["databytes", "10MB\n", "warning: control/databytes: line 1: what follows the number is ignored"],
    ["databytes", "99999999999999999999\n", "error: control/databytes: line 1: number too large: 99999999999999999999"],
    ["locals", "# mine\n\nshark.example\n", ""],
    [
      "locals",
      "a.example\nb.example\nA.example\n",
      "warning: control/locals: line 1: is repeated in line 3, which wins"
    ],
    ["locals", "joe@a.example\n", "warning: control/locals: line 1: joe@a.example is an address, not a domain"],
    ["locals", ".a.example\n", "warning: control/locals: line 1: .a.example is no domain name"],
    ["locals", "*.a.example\n", "warning: control/locals: line 1: an asterisk means nothing here"],
    [
      "locals",
      "# mine\r\na.example\r\n",
      "warning: control/locals: line 2: ends with a carriage return, which is part of the value"
    ],
    ["rcpthosts", ".shark.example\nlocalhost\n", ""],
    [
      "rcpthosts",
      "*.shark.example\n.\n",
      [
        "warning: control/rcpthosts: line 1: an asterisk means nothing here; .example is all below example",
        "warning: control/rcpthosts: line 2: a lone dot means nothing here"
      ].join("\n")
    ],
    ["smtproutes", ":relay.example\na.example:[192.0.2.1]:26\n.b.example:\n", ""],
    ["smtproutes", "a.example\n", "warning: control/smtproutes: line 1: has no colon: the line is ignored"],
    [
      "smtproutes",
      "# x\na.example:b.example:smtp\n",
      "error: control/smtproutes: line 2: port smtp is not a number from 1 to 65535"
    ],
    ["smtproutes", "a:b:0\n", "error: control/smtproutes: line 1: port 0 is not a number from 1 to 65535"],
    ["smtproutes", "a:b:65536\n", "error: control/smtproutes: line 1: port 65536 is not a number from 1 to 65535"],
    ["smtproutes", "a:b:\n", "error: control/smtproutes: line 1: port (none) is not a number from 1 to 65535"],
    ["smtproutes", "a: b\n", "warning: control/smtproutes: line 1: the blanks around the relay are part of its name"],
    ["smtproutes", "a:b\na\n", "warning: control/smtproutes: line 2: has no colon: the line is ignored"],
    [
      "virtualdomains",
      "a.example: joe\n",
      "warning: control/virtualdomains: line 1: the blanks behind the colon are part of the user's name"
    ],
    [
      "virtualdomains",
      "joe@*.example:joe\n",
      "warning: control/virtualdomains: line 1: an asterisk means nothing here; .example is all below example"
    ],
    [
      "relayclients",
      "192.0.2.1\r\n",
      "error: control/relayclients: line 1: ends with a carriage return, which is part of the value"
    ],
    ["relayclients", "192.0.2.1\n192.0.2.1\n", "warning: control/relayclients: line 1: is repeated in line 2"],
    ["virtualdomains", "joe@a.example:joe\n.b.example:bob-x\n:alias-ppp\nc.example:\n", ""],
    ["virtualdomains", "a.example joe\n", "warning: control/virtualdomains: line 1: has no colon: the line is ignored"],
    ["relayclients", "192.0.2.1\n", ""],
    ["relayclients", "localnet\n", "error: control/relayclients: line 1: localnet is no address and no network"],
    [
      "badmailfrom",
      "joe\n",
      "warning: control/badmailfrom: line 1: joe has no @ and matches only a sender without a host"
    ],
    [
      "qmqpservers",
      "192.0.2.1\nrelay.example\n",
      "warning: control/qmqpservers: line 2: relay.example is no IPv4 address and is skipped"
    ],
    ["locals~", "", "warning: control/locals~: no program reads this file"]
  ] as const)
    it(`${name} with ${JSON.stringify(content)}: ${findings || "fine"}`, () =>
      assert.strictEqual(checked(name, content), findings))

  for (const [what, files, finding] of [
    ["as made", { morercpthosts: "A.example\n", "morercpthosts.cdb": cdbOf("a.example") }, ""],
    [
      "older than its source",
      { morercpthosts: "a.example\nb.example\n", "morercpthosts.cdb": cdbOf("a.example") },
      "warning: control/morercpthosts.cdb: lacks b.example of control/morercpthosts: run qmail-newmrh"
    ],
    [
      "that names more than its source",
      { morercpthosts: "a.example\n", "morercpthosts.cdb": cdbOf("a.example", "gone.example") },
      "warning: control/morercpthosts.cdb: names more than control/morercpthosts: run qmail-newmrh"
    ],
    [
      "without its source",
      { "morercpthosts.cdb": cdbOf() },
      "warning: control/morercpthosts.cdb: control/morercpthosts does not exist"
    ],
    [
      "damaged",
      { morercpthosts: "", "morercpthosts.cdb": "q" },
      "error: control/morercpthosts.cdb: is damaged: run qmail-newmrh"
    ]
  ] as const)
    it(`morercpthosts.cdb ${what}: ${finding || "fine"}`, () =>
      assert.strictEqual(said(ControlCheck.checkFile("morercpthosts.cdb", contextOf(files))), finding))

  it("any bytes in any file give an answer", () => {
    let seed = 7
    const byte = () => String.fromCharCode(((seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 16) & 127)
    for (const { name } of Settings.all)
      for (let run = 0; run < 20; run++)
        assert.isArray(ControlCheck.checkFile(name, contextOf({ [name]: Array.from({ length: 60 }, byte).join("") })))
  })
})

describe("ControlCheck.checkTogether", () => {
  for (const [what, files, finding] of [
    ["a name", { me: "a.example\n" }, ""],
    ["no name", { rcpthosts: "" }, "error: control/me: does not exist"],
    ["no name, and no need of it", { rcpthosts: "", helohost: "a", locals: "", smtpgreeting: "a" }, ""]
  ] as const)
    it(`${what}: ${finding || "fine"}`, () =>
      assert.strictEqual(said(ControlCheck.checkTogether(contextOf(files))), finding))
  // What the rules say of them together: test/shell/home/ControlMeanings.test.ts.
  it("more deliveries than a spawner takes", () =>
    assert.strictEqual(
      said(ControlCheck.checkFile("concurrencyremote", { ...contextOf({ concurrencyremote: "500\n" }), spawn: 120 })),
      "warning: control/concurrencyremote: line 1: 500 counts as 120, the most that the spawners take"
    ))
})

describe("ControlCheck.checkAliases", () => {
  it("postmaster, mailer-daemon and root need a mailbox, unless everybody has one", () => {
    assert.strictEqual(said(ControlCheck.checkAliases([".qmail-default"])), "")
    assert.strictEqual(
      said(ControlCheck.checkAliases([".qmail-postmaster", ".qmail-root"])),
      "warning: alias/.qmail-mailer-daemon: does not exist: mail to mailer-daemon is returned"
    )
    const isUser = (name: string) => name === "mailer-daemon"
    assert.strictEqual(said(ControlCheck.checkAliases([".qmail-postmaster", ".qmail-root"], isUser)), "")
  })
})
