import { assert, describe, it } from "@effect/vitest"
import * as SendmailOrder from "../../../src/core/header/SendmailOrder.ts"

const author = { USER: "joe", NAME: "Joe", MAILHOST: "h.x" }
const usage = "sendmail: usage: sendmail [ -t ] [ -fsender ] [ -Fname ] [ -bp ] [ -bs ] [ arg ... ]\n"

/** The program and its arguments, or the complaint. */
const order = (args: ReadonlyArray<string>, calledAs = "sendmail", classic = true): string => {
  const parsed = SendmailOrder.parse(calledAs, args, author, classic)
  switch (parsed._tag) {
    case "Run":
      return [parsed.program, ...parsed.arguments].join(" ")
    case "Say":
      return `: ${parsed.text}`
    case "Refuse":
      return `! ${parsed.complaint}`
  }
}

const environmentOf = (args: ReadonlyArray<string>, classic: boolean) => {
  const parsed = SendmailOrder.parse("sendmail", args, author, classic)
  return parsed._tag === "Run" ? parsed.environment : undefined
}
const environment = (...args: ReadonlyArray<string>) => environmentOf(args, true)

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
    const told = SendmailOrder.parse("sendmail", ["-bs"], { PROTO: "TCP" }, true)
    assert.deepStrictEqual(told._tag === "Run" && told.environment, { PROTO: "TCP" })
  })
})

describe("SendmailOrder.parse in our homes", () => {
  const ours = (args: ReadonlyArray<string>, calledAs?: string) => order(args, calledAs, false)

  for (const [who, args, run] of [
    ["cron", ["-FCronDaemon", "-i", "-odi", "-oem", "-oi", "-t", "-f", "root"], "qmail-inject -H -f root --"],
    ["cron of Debian", ["-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root"], "qmail-inject -a -- root"],
    ["cron with a null sender", ["-i", "-f", "<>", "root"], "qmail-inject -a -f <> -- root"],
    ["PHP", ["-t", "-i"], "qmail-inject -H --"],
    ["PHP with -f", ["-t", "-i", "-fme@x"], "qmail-inject -H -f me@x --"],
    [
      "mutt with dsn_notify",
      ["-oem", "-oi", "-N", "failure,delay", "-R", "hdrs", "-f", "me", "--", "a"],
      "qmail-inject -a -f me -- a"
    ],
    ["git send-email", ["-i", "-f", "me", "a", "b"], "qmail-inject -a -f me -- a b"],
    ["heirloom mailx", ["-i", "-r", "me", "-m", "a"], "qmail-inject -a -f me -- a"],
    [
      "values in the word",
      ["-Nnever", "-Rfull", "-Vid", "-OA=b", "-Ltag", "-X/x", "-C/x", "-Ac", "-h5", "-psmtp", "a"],
      "qmail-inject -a -- a"
    ],
    [
      "values behind it",
      [
        "-N",
        "never",
        "-R",
        "full",
        "-V",
        "id",
        "-O",
        "A=b",
        "-L",
        "tag",
        "-X",
        "/x",
        "-C",
        "/x",
        "-A",
        "m",
        "-h",
        "5",
        "-p",
        "x",
        "a"
      ],
      "qmail-inject -a -- a"
    ],
    [
      "flags alone and bundled",
      ["-G", "-U", "-n", "-s", "-vimnx", "-c", "-d", "-T", "-q", "-Q", "a"],
      "qmail-inject -a -- a"
    ],
    ["values of -d, -q, -T", ["-d0.1", "-q15m", "-T3d", "-Qbad", "-D", "/log", "-Mrx", "a"], "qmail-inject -a -- a"],
    [
      "-e, -o, -B in every form",
      ["-em", "-e", "q", "-oQ/x", "-o", "i", "-odb", "-B", "7BIT", "-bm", "a"],
      "qmail-inject -a -- a"
    ],
    ["the queue run at once", ["-q"], ": "],
    ["mailq", ["-bp"], "qmail-qread"],
    ["SMTP", ["-bs", "-v"], "qmail-smtpd"]
  ] as const)
    it(`${who}: ${args.join(" ")}`, () => assert.strictEqual(ours(args), run))

  for (const [args, complaint] of [
    [["-z", "a"], "illegal option -- z"],
    [["-tz"], "illegal option -- z"],
    [["--frob", "a"], "illegal option -- frob"],
    [["-f"], "option requires an argument -- f"],
    [["-N"], "option requires an argument -- N"],
    [["-bd"], "no such mode here: -bd"],
    [["-bt"], "no such mode here: -bt"],
    [["-ba"], "no such mode here: -ba"],
    [[], "no recipients: name them, or take those of the header with -t"],
    [["-i", "--"], "no recipients: name them, or take those of the header with -t"],
    [["a", "-f", "me"], "option behind a recipient: -f"]
  ] as const)
    it(`[${args.join(" ")}] is refused: ${complaint}`, () =>
      assert.strictEqual(ours(args), `! sendmail: ${complaint}\n${usage}`))

  it("a recipient behind -- may look like an option", () =>
    assert.strictEqual(ours(["--", "-a"]), "qmail-inject -a -- -a"))

  it("--help and --version say it, and nothing is read", () => {
    assert.match(ours(["--help"]), /^: usage: sendmail/)
    assert.match(ours(["-i", "--help"]), /^: usage: sendmail/)
    assert.strictEqual(ours(["--version"]), ": Thresher sendmail\n")
  })

  it("-bv says which addresses are well formed, and queues nothing", () => {
    assert.strictEqual(ours(["-bv", "Joe <a@x>, b"]), ": a@x... well formed\nb... well formed\n")
    assert.strictEqual(ours(["-bv", "a", "b>"]), "! sendmail: unable to parse address: b>\n")
  })

  it("aliases need no rebuilding", () => {
    for (const said of [ours(["-bi"]), ours(["-I"]), ours([], "newaliases")])
      assert.strictEqual(said, ": nothing to rebuild: aliases are .qmail files, see dot-qmail(5)\n")
  })

  for (const [args, names] of [
    [["-f", "Joe <me@x>", "a"], { USER: "joe", QMAILUSER: "me", QMAILHOST: "x" }],
    [["-r", "me@x (Joe)", "a"], { USER: "joe", QMAILUSER: "me", QMAILHOST: "x" }],
    [["-F", "N", "-f", "me", "a"], { USER: "joe", QMAILUSER: "me", QMAILNAME: "N" }],
    [["-F", "N", "a"], { ...author, QMAILNAME: "N" }],
    [["-f", "<>", "a"], author],
    [["-f", "", "a"], author],
    [["-f", "no>", "a"], author]
  ] as const)
    it(`[${args.join(" ")}] makes the author ${JSON.stringify(names)}`, () =>
      assert.deepStrictEqual(environmentOf(args, false), names))
})
