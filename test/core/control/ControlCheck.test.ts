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
    ["databytes", "10MB\n", "warning: control/databytes: line 1: what follows the number is ignored"],
    ["databytes", "99999999999999999999\n", "error: control/databytes: line 1: number too large: 99999999999999999999"],
    ["locals", "# mine\n\nshark.example\n", ""],
    [
      "locals",
      "a.example\nb.example\nA.example\n",
      "warning: control/locals: line 1: is repeated in line 3, which wins"
    ],
    ["locals", "joe@a.example\n", "warning: control/locals: line 1: joe@a.example is an address, not a domain"],
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
    ["virtualdomains", "joe@a.example:joe\n.b.example:bob-x\n:alias-ppp\nc.example:\n", ""],
    ["virtualdomains", "a.example joe\n", "warning: control/virtualdomains: line 1: has no colon: the line is ignored"],
    ["relayclients", "192.0.2.1\n", ""],
    ["relayclients", "localnet\n", "error: control/relayclients: line 1: localnet is no address and no network"],
    ["badmailfrom", "joe\n", "warning: control/badmailfrom: line 1: joe has no @ and matches no sender"],
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
  for (const [what, files, classic, findings] of [
    ["a name and open hands", { me: "a.example\n" }, false, ""],
    [
      "the same in a qmail home",
      { me: "a.example\n" },
      true,
      "warning: control/rcpthosts: does not exist: anyone may relay through this host"
    ],
    ["no name", { rcpthosts: "" }, false, "error: control/me: does not exist"],
    ["no name, and no need of it", { rcpthosts: "", helohost: "a", locals: "", smtpgreeting: "a" }, false, ""],
    [
      "a local domain that SMTP refuses",
      { me: "m.example\n", locals: "a.example\nx.b.example\n", rcpthosts: ".b.example\nm.example\n" },
      false,
      "warning: control/rcpthosts: does not name a.example, so that SMTP refuses mail to it"
    ],
    [
      "a domain that is local and virtual",
      { me: "a.example\n", rcpthosts: "a.example\n", virtualdomains: "A.example:joe\njoe@c.example:joe\n" },
      false,
      "warning: control/virtualdomains: A.example is in control/locals, which wins"
    ]
  ] as const)
    it(`${what}: ${findings || "fine"}`, () =>
      assert.strictEqual(said(ControlCheck.checkTogether(contextOf(files, classic))), findings))
})

describe("ControlCheck.checkAliases", () => {
  it("postmaster, mailer-daemon and root need a mailbox, unless everybody has one", () => {
    assert.strictEqual(said(ControlCheck.checkAliases([".qmail-default"])), "")
    assert.strictEqual(
      said(ControlCheck.checkAliases([".qmail-postmaster", ".qmail-root"])),
      "warning: alias/.qmail-mailer-daemon: does not exist: mail to mailer-daemon is returned"
    )
  })
})
