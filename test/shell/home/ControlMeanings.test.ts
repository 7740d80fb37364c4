/** What `thresher check` and `qmail-showctl` say of control files is what the rules do with them. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ControlCheck from "../../../src/core/control/ControlCheck.ts"
import * as ControlFile from "../../../src/core/control/ControlFile.ts"
import * as ControlReport from "../../../src/core/control/ControlReport.ts"
import * as Finding from "../../../src/core/control/Finding.ts"
import * as InstallRecord from "../../../src/core/control/InstallRecord.ts"
import * as Settings from "../../../src/core/control/Settings.ts"
import * as SenderChecks from "../../../src/core/relay/SenderChecks.ts"
import * as RelayClients from "../../../src/core/relay/RelayClients.ts"
import * as RcptPolicy from "../../../src/core/relay/RcptPolicy.ts"
import * as RetrySchedule from "../../../src/core/retry/RetrySchedule.ts"
import { EpochSeconds } from "../../../src/core/Time.ts"
import { Controls } from "../../../src/shell/home/Controls.ts"
import * as ControlMeanings from "../../../src/shell/home/ControlMeanings.ts"
import { Home } from "../../../src/shell/home/Home.ts"
import * as SendControls from "../../../src/shell/home/SendControls.ts"
import * as SmtpControls from "../../../src/shell/home/SmtpControls.ts"
import * as RecipientRoute from "../../../src/core/route/RecipientRoute.ts"

type Files = Readonly<Record<string, string>>

const meaningOf = (files: Files, classic: boolean) => ControlMeanings.of((name) => files[name], classic)
const checked = (files: Files, classic = false): ReadonlyArray<string> => {
  const context: ControlCheck.ControlContext = {
    classic,
    content: (name) => files[name],
    isRelayClient: (entry) => RelayClients.parse([entry])._tag === "Success",
    meaning: meaningOf(files, classic)
  }
  const findings = Object.keys(files).flatMap((name) => ControlCheck.checkFile(name, context))
  return [...findings, ...ControlCheck.checkTogether(context)].map(Finding.format)
}
const shown = (files: Files, classic = false): ReadonlyArray<string> =>
  ControlReport.report({
    classic,
    names: Object.keys(files),
    found: (name) =>
      files[name] === undefined ? { _tag: "Missing" } : { _tag: "Content", content: files[name], mtime: 0 },
    meaning: meaningOf(files, classic)
  }).split("\n")

const home: Files = { me: "mx.example\n", locals: "mx.example\n", rcpthosts: "mx.example\n" }
const without = (name: string): Files => Object.fromEntries(Object.entries(home).filter(([key]) => key !== name))
const open = "anyone may relay through this host"

describe("thresher check", () => {
  for (const [what, files, findings] of [
    ["a fresh home", home, []],
    ["without rcpthosts, what is delivered here is accepted", without("rcpthosts"), []],
    [
      "* in rcpthosts opens the host",
      { ...home, rcpthosts: "# all\n*\n" },
      [`warning: control/rcpthosts: line 2: ${open}`]
    ],
    [
      "* beside other lines does not",
      { ...home, rcpthosts: "*\nmx.example\n" },
      ["warning: control/rcpthosts: line 1: an asterisk means nothing here; .example is all below example"]
    ],
    [
      "openrelay opens it",
      { ...without("rcpthosts"), openrelay: "1\n" },
      [`warning: control/openrelay: without control/rcpthosts ${open}`]
    ],
    ["openrelay beside rcpthosts does not", { ...home, openrelay: "1\n" }, []],
    [
      "openrelay 2 does not",
      { ...without("rcpthosts"), openrelay: "2\n" },
      ["warning: control/openrelay: line 1: 2 counts as 0"]
    ],
    [
      "everybody a relay client",
      { ...home, relayclients: "127.\n0.0.0.0/0\n::/0\n" },
      [
        "warning: control/relayclients: line 2: 0.0.0.0/0 lets anyone relay",
        "warning: control/relayclients: line 3: ::/0 lets anyone relay"
      ]
    ],
    [
      "half of everybody a relay client",
      { ...home, relayclients: "128.0.0.0/1:@x\n" },
      ["warning: control/relayclients: line 1: 128.0.0.0/1:@x lets strangers relay, 128.1.1.1 and 223.1.1.1 among them"]
    ],
    ["a large private network", { ...home, relayclients: "10.0.0.0/8\n127.\nfd00::/8\n" }, []],
    [
      "a relay client that an earlier line has already",
      { ...home, relayclients: "192.0.2.0/24\n192.0.2.9:@fix\n" },
      ["warning: control/relayclients: line 2: 192.0.2.9:@fix has no effect: a line before it holds the same addresses"]
    ],
    [
      "me that is not local",
      { ...home, locals: "a.example\n", rcpthosts: "a.example\nmx.example\n" },
      ["warning: control/locals: does not name mx.example of control/me, so that mail to it is sent elsewhere"]
    ],
    ["me that a virtual domain takes", { ...home, locals: "", virtualdomains: "mx.example:joe\n" }, []],
    ["me that a smarthost takes", { ...home, locals: "", smtproutes: ":hub.example\n" }, []],
    [
      "a local domain that SMTP refuses",
      { ...home, locals: "mx.example\nA.example\nx.b.example\n", rcpthosts: ".b.example\nmx.example\n" },
      ["warning: control/rcpthosts: does not name A.example, so that SMTP refuses mail to it"]
    ],
    [
      "a list that was not made into a database",
      { ...home, morercpthosts: "more.example\n" },
      ["warning: control/morercpthosts: line 1: more.example does not let in mail to more.example"]
    ],
    [
      "a domain that is local and virtual",
      { ...home, virtualdomains: "MX.example:joe\njoe@mx.example:ann\nx@away.example:\n" },
      [
        "warning: control/virtualdomains: line 1: MX.example:joe has no effect: MX.example is in control/locals, which wins",
        "warning: control/virtualdomains: line 2: joe@mx.example:ann has no effect: mx.example is in control/locals, which wins"
      ]
    ],
    [
      "a route for mail that is delivered here",
      { ...home, smtproutes: "mx.example:hub.example\nx.example:hub.example\n" },
      [
        "warning: control/smtproutes: line 1: mx.example:hub.example has no effect: mx.example is in control/locals, which wins"
      ]
    ],
    [
      "a relay that is none",
      { ...home, smtproutes: "x.example:joe@hub.example\n" },
      ["warning: control/smtproutes: line 1: x.example:joe@hub.example leads to joe@hub.example, which is no host"]
    ],
    [
      "the percent hack for a domain of ours",
      { ...home, percenthack: "mx.example\n" },
      [`warning: control/percenthack: ${open}: mail to user%elsewhere@mx.example is accepted and sent elsewhere`]
    ]
  ] as const)
    it(what, () => assert.deepStrictEqual(checked(files), findings as ReadonlyArray<string>))

  it("senders that no mail has", () =>
    assert.deepStrictEqual(
      checked({
        ...home,
        badmailfrom: "*@x.example\n<a@b.example>\n@.y.example\n@x.example\njoe@x.example\nx.example\n"
      }),
      [
        "line 1: *@x.example does not refuse any@x.example",
        "line 2: <a@b.example> does not refuse a@b.example",
        "line 3: @.y.example does not refuse anyone@any.y.example",
        "line 6: x.example has no @ and matches only a sender without a host"
      ].map((text) => `warning: control/badmailfrom: ${text}`)
    ))

  it("a qmail home without rcpthosts, and one with *", () => {
    assert.deepStrictEqual(checked(without("rcpthosts"), true), [`warning: control/rcpthosts: does not exist: ${open}`])
    assert.deepStrictEqual(checked({ ...home, rcpthosts: "*\nmx.example\n" }, true), [
      "warning: control/rcpthosts: line 1: an asterisk means nothing here; .example is all below example"
    ])
  })
})

describe("qmail-showctl in a home of ours", () => {
  for (const [files, line] of [
    [
      without("rcpthosts"),
      "rcpthosts: (Default.) SMTP clients may send messages only to recipients at local and virtual domains."
    ],
    [
      { ...without("rcpthosts"), openrelay: "1" },
      "rcpthosts: (Default.) SMTP clients may send messages to any recipient."
    ],
    [{ ...home, rcpthosts: "*" }, "SMTP clients may send messages to any recipient."],
    [{ ...home, rcpthosts: "*.x\nmx.example" }, "*.x does not let in mail to any.x."],
    [home, "SMTP clients may send messages to recipients at mx.example."],
    [{ me: "mx.example" }, "locals: (Default.) Messages for mx.example are delivered locally."],
    [{ ...home, relayclients: "0.0.0.0/0" }, "0.0.0.0/0 lets anyone relay."],
    [{ ...home, badmailfrom: "<a@b>" }, "<a@b> does not refuse a@b."],
    [{ ...home, badmailfrom: "@b" }, "@b not accepted in MAIL FROM."],
    [{ ...home, databytes: "0" }, "databytes: There is no SMTP DATA limit."],
    [{ ...home, timeoutsmtpd: "0" }, "timeoutsmtpd: SMTP server data timeout is 1 seconds."],
    [{ ...home, virtualdomains: "a:b\nA:c" }, "a:b is overridden by a later line."],
    [{ ...home, smtproutes: "a" }, "a has no colon and is ignored."],
    [{}, "helohost: (Default.) SMTP client HELO host name is undefined! Uh-oh."],
    [
      { ...home, barecr: "no" },
      "barecr: (Default.) convert (a CR without LF in a message: convert it to a line end, or refuse)."
    ]
  ] as const)
    it(line, () => assert.include(shown(files), line))

  it("a qmail home hears notqmail's words", () => {
    assert.include(shown({}, true), "helohost: (Default.) SMTP client HELO host name is helohost.")
    assert.include(shown({ rcpthosts: "*" }, true), "SMTP clients may send messages to recipients at *.")
    assert.include(shown({}, true), "rcpthosts: (Default.) SMTP clients may send messages to any recipient.")
  })
})

describe("for any control files", () => {
  let seed = 11
  const chance = (most: number) => ((seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 16) % most
  const choose = <A>(from: ReadonlyArray<A>): A => from[chance(from.length)]!
  const hosts = [
    "a.example",
    "A.Example",
    ".a.example",
    "*.a.example",
    "*",
    "b.example.",
    "x@a.example",
    "[127.0.0.1]",
    "."
  ]
  const lines: Readonly<Record<string, ReadonlyArray<string>>> = {
    me: ["a.example", "m.example"],
    locals: hosts,
    rcpthosts: hosts,
    percenthack: hosts,
    virtualdomains: hosts.flatMap((host) => [host, `${host}:`, `${host}:joe`, ":joe"]),
    smtproutes: hosts.flatMap((host) => [host, `${host}:`, `${host}:hub.example`, `${host}:hub.example:26`]),
    badmailfrom: ["joe", "joe@a.example", "@a.example", "*@a.example", "<joe@a.example>", "@.a.example"],
    openrelay: ["0", "1", "2", "x"]
  }
  const someFiles = (): Files =>
    Object.fromEntries(
      Object.entries(lines)
        .filter(() => chance(3) > 0)
        .map(([name, from]) => [
          name,
          Array.from({ length: ["me", "openrelay"].includes(name) ? 1 : chance(4) }, () => `${choose(from)}\n`).join("")
        ])
    )

  for (const classic of [false, true])
    it.effect(
      `check says "anyone may relay" exactly where a stranger may, in a ${classic ? "qmail" : "fresh"} home`,
      () =>
        Effect.gen(function* () {
          for (let round = 0; round < 300; round++) {
            const files: Files = { me: "m.example\n", ...someFiles() }
            const { grants, rules } = yield* rulesOf(files, classic)
            const rcpt = (recipient: string) =>
              RcptPolicy.decideRcpt({
                recipient,
                senderRefused: false,
                relaySuffix: undefined,
                rcptHosts: grants.policy.rcptHosts,
                recipients: 0,
                recipientsMax: Infinity
              })._tag === "Accept"
            const goesOut = (recipient: string) =>
              rcpt(recipient) && RecipientRoute.route(rules, recipient).address.endsWith("@elsewhere.test")
            const hacked = (files["percenthack"] ?? "").split("\n").filter((host) => host !== "")
            const isOpen =
              rcpt("x@elsewhere.test") ||
              hacked.some((host) =>
                goesOut(
                  `x%elsewhere.test@${host.replace(/^.*@/, "").replace("*", "any").replace(/^\./, "q.").replace(/\.$/, "")}`
                )
              )
            const isSaid = checked(files, classic).some((line) => line.includes(open))
            assert.strictEqual(isSaid, isOpen, JSON.stringify(files))
            if (classic) continue
            const report = shown(files)
            const anyRecipient = report.some((line) => line.endsWith("may send messages to any recipient."))
            assert.strictEqual(anyRecipient, rcpt("x@elsewhere.test"), JSON.stringify(files))
            for (const host of ["a.example", "b.example", "x.a.example"]) {
              const said = report.includes(`Messages for ${host} are delivered locally.`)
              if (said) assert.strictEqual(RecipientRoute.route(rules, `x@${host}`).channel, "local")
              if (report.includes(`SMTP clients may send messages to recipients at ${host}.`))
                assert.isTrue(rcpt(`x@${host}`))
              if (report.includes(`@${host} not accepted in MAIL FROM.`))
                assert.isTrue(SenderChecks.isRefused(grants.policy.badmailfrom, `x@${host}`))
            }
          }
        })
    )

  it("what is said of a lifetime of 0 is what the schedule does", () => {
    const planAt = (age: number) =>
      RetrySchedule.plan({
        channel: "remote",
        birth: EpochSeconds(1000),
        now: EpochSeconds(1000 + age),
        lifetime: 0,
        classic: false
      })
    assert.include(
      checked({ ...home, queuelifetime: "0\n" }),
      "warning: control/queuelifetime: line 1: is 0: mail is returned after its second attempt at the latest"
    )
    const { lastAttempt, retryAt } = planAt(0)
    assert.isFalse(lastAttempt)
    assert.isTrue(planAt(retryAt - 1000).lastAttempt)
  })

  it.effect("a number that is shown is the number that the readers get", () =>
    Effect.gen(function* () {
      for (const setting of Settings.all)
        for (const text of ["", "0", "1", "2", "07", "600", "9x", "x", "-1", " 3"]) {
          if (setting.reader !== "integer") continue
          const files = { ...home, [setting.name]: `${text}\n` }
          const read = yield* Effect.provide(
            Effect.flatMap(Controls, (controls) => controls.integer(setting)),
            Controls.layerMemory(files, false)
          )
          const line = shown(files).find((one) => one.startsWith(`${setting.name}: `))!
          if (setting.name === "databytes" && read === 0) assert.include(line, "There is no")
          else assert.include(line, ` ${read}`, `${setting.name} ${text}`)
          const given = ControlFile.integer(`${text}\n`)
          const said = checked(files).some((one) => one.includes(`counts as ${read}`))
          if (given._tag === "Success" && given.success._tag === "Some")
            assert.strictEqual(said, given.success.value !== read, `${setting.name} ${text}`)
        }
    })
  )
})

/** As the programs read them. */
const rulesOf = (files: Files, classic: boolean) =>
  Effect.gen(function* () {
    const grants = yield* SmtpControls.readGrants(undefined)
    const { routes } = yield* SendControls.read({ patience: undefined, limits: { local: 10, remote: 10 } })
    return { grants, rules: routes }
  }).pipe(
    Effect.provide(
      Layer.mergeAll(
        Controls.layerMemory(files, classic),
        Home.layerMemory("/home", classic ? InstallRecord.qmailHome : InstallRecord.ownHome)
      )
    )
  )
