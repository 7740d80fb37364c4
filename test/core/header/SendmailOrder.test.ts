import { assert, describe, it } from "@effect/vitest"
import * as SendmailOrder from "../../../src/core/header/SendmailOrder.ts"

const author = { USER: "joe", NAME: "Joe", MAILHOST: "h.x" }
const usage = "sendmail: usage: sendmail [ -t ] [ -fsender ] [ -Fname ] [ -bp ] [ -bs ] [ arg ... ]\n"

/** The program and its arguments, or the complaint. */
const order = (args: ReadonlyArray<string>, calledAs = "sendmail"): string => {
  const parsed = SendmailOrder.parse(calledAs, args, author)
  return parsed._tag === "Run" ? [parsed.program, ...parsed.arguments].join(" ") : `! ${parsed.complaint}`
}

const environment = (...args: ReadonlyArray<string>) => {
  const parsed = SendmailOrder.parse("sendmail", args, author)
  return parsed._tag === "Run" ? parsed.environment : undefined
}

describe("SendmailOrder.parse", () => {
  for (const [args, run] of [
    [[], "qmail-inject -a --"],
    [["a", "b"], "qmail-inject -a -- a b"],
    [["-t"], "qmail-inject -H --"],
    [["-t", "a"], "qmail-inject -H -- a"],
    [["-f", "me@x", "a"], "qmail-inject -a -f me@x -- a"],
    [["-fone", "-ftwo", "a"], "qmail-inject -a -f two -- a"],
    [["-f", "", "a"], "qmail-inject -a -f  -- a"],
    [["-itv", "-oi", "-oem", "a"], "qmail-inject -H -- a"],
    [["-em", "-p", "x", "-B8BITMIME", "-x", "-m", "a"], "qmail-inject -a -- a"],
    [["-Eanything", "-J", "a"], "qmail-inject -a -- a"],
    [["-bm", "--", "-a"], "qmail-inject -a -- -a"],
    [["-bp", "ignored"], "qmail-qread"],
    [["-t", "-bs", "-z"], "qmail-smtpd"],
    [["-z", "-bs"], `! sendmail: illegal option -- z\n${usage}`],
    [["-F"], `! sendmail: option requires an argument -- F\n${usage}`],
    [["-bd"], `! ${usage}`],
    [["-b", ""], `! ${usage}`]
  ] as const)
    it(`sendmail ${args.join(" ")}: ${run.split("\n")[0]}`, () => assert.strictEqual(order(args), run))

  it("called as mailq lists the queue, once its options are accepted", () => {
    assert.strictEqual(order(["-v"], "mailq"), "qmail-qread")
    assert.strictEqual(order(["-q"], "mailq"), `! mailq: illegal option -- q\n${usage}`)
  })
  it("called as newaliases refuses", () =>
    assert.strictEqual(order([], "newaliases"), "! sendmail: fatal: please use fastforward/newaliases instead\n"))

  it("-F gives the author's name", () => assert.strictEqual(environment("-F", "J U")?.["MAILNAME"], "J U"))
  it("-f makes the sender the author, without any name", () => {
    assert.deepStrictEqual(environment("-f", "me@x@y"), { USER: "joe", QMAILUSER: "me@x", QMAILHOST: "y" })
    assert.deepStrictEqual(environment("-f", "me", "-F", "N"), { USER: "joe", QMAILUSER: "me" })
  })
  it("-bs tells qmail-smtpd of a client that may relay, unless somebody has told it of another", () => {
    assert.deepInclude(environment("-bs"), { RELAYCLIENT: "", DATABYTES: "0", TCPREMOTEINFO: "sendmail-bs" })
    const told = SendmailOrder.parse("sendmail", ["-bs"], { PROTO: "TCP" })
    assert.deepStrictEqual(told._tag === "Run" && told.environment, { PROTO: "TCP" })
  })
})
