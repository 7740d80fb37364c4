import { assert, describe, it } from "@effect/vitest"
import * as LogLines from "../../../src/core/delivery/LogLines.ts"

describe("LogLines", () => {
  const use = { local: { used: 1, limit: 10 }, remote: { used: 0, limit: 20 } }
  for (const [line, expected] of [
    [LogLines.newMessage("53"), "new msg 53"],
    [
      LogLines.infoMessage("53", 246, "me@domain", 20345, 666),
      "info msg 53: bytes 246 from <me@domain> qp 20345 uid 666"
    ],
    [LogLines.starting(1, "53", "local", "we ird%x@h"), "starting delivery 1: msg 53 to local we_ird_x@h"],
    [LogLines.status(use, undefined, false), "status: local 1/10 remote 0/20"],
    [LogLines.status(use, undefined, true), "status: local 1/10 remote 0/20 exitasap"],
    [LogLines.status(use, { used: 1, limit: 15 }, false), "status: local 1/10 remote 0/20 total 1/15"],
    [LogLines.reported(1, "K", "did 1+0+0\n"), "delivery 1: success: did_1+0+0/"],
    [LogLines.reported(2, "Z", ""), "delivery 2: deferral: "],
    [LogLines.reported(3, "D", "\xe9\t\x7f"), "delivery 3: failure: ___"],
    [LogLines.reported(4, undefined, "anything"), "delivery 4: report mangled, will defer"],
    [LogLines.bounced("53", 7), "bounce msg 53 qp 7"],
    [LogLines.tripleBounce("53"), "triple bounce: discarding bounce/53"],
    [LogLines.warning("openLater", "local/7/53"), "warning: trouble opening local/7/53; will try again later"],
    [LogLines.warning("record", "local/7/53"), "warning: unknown record type in local/7/53!"],
    [LogLines.warning("todoRecord", "todo/53"), "warning: unknown record type in todo/53"],
    [LogLines.warning("mark", "local/7/53"), "warning: trouble marking local/7/53; message will be delivered twice!"],
    [LogLines.warning("clean", "foop/53"), "warning: qmail-clean unable to clean up foop/53"],
    [LogLines.unreadable("todo", true), "alert: unable to opendir todo, sleeping..."],
    [LogLines.unreadable("todo", false), "alert: trouble reading directory todo"],
    [LogLines.cannotStart("qmail-send is already running"), "alert: cannot start: qmail-send is already running"]
  ] as const)
    it(expected, () => assert.strictEqual(line, expected))
  it("no byte of an address makes a second line", () => {
    const every = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join("")
    assert.match(LogLines.safe(every), /^[!-~]{256}$/)
    assert.notInclude(LogLines.safe(every), "%")
  })
})

describe("LogLines.notReread", () => {
  for (const [what, line] of [
    [undefined, "alert: unable to reread controls"],
    ["control/locals", "alert: unable to reread control/locals"],
    [
      "controls: control/locals: line 1: \x1b[2J\r\n\xff is bad",
      "alert: unable to reread controls: control/locals: line 1: _[2J___ is bad"
    ]
  ] as const)
    it(line, () => assert.strictEqual(LogLines.notReread(what), line))
})
