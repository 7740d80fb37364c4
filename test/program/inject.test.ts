import { afterAll, assert, beforeEach, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const bin = resolve(import.meta.dirname, "../../dist/bin")
const scratch = mkdtempSync(join(tmpdir(), "thresher-inject-"))
const home = join(scratch, "home")
const caught = join(scratch, "caught")
const catcher = join(scratch, "catcher")
afterAll(() => rmSync(scratch, { recursive: true }))

writeFileSync(catcher, `#!/bin/sh\nexec 3<&1 >/dev/null\ncat >"${caught}"; cat <&3 >>"${caught}"; exit "\${CODE:-0}"\n`)
chmodSync(catcher, 0o755)

beforeEach(() => {
  for (const directory of [home, caught]) rmSync(directory, { recursive: true, force: true })
  mkdirSync(join(home, "control"), { recursive: true })
  symlinkSync(bin, join(home, "bin"))
  for (const [name, line] of [
    ["me", "me.example"],
    ["defaulthost", "dh.example"],
    ["defaultdomain", "dd.example"]
  ] as const)
    writeFileSync(join(home, "control", name), `${line}\n`)
})

const variables = { PATH: process.env["PATH"]!, QMAILHOME: home, QMAILQUEUE: catcher, USER: "joe", TZ: "IST-5:30" }

/** sh runs `line` in bin/, where a shell can say any byte and close any descriptor. */
const run = (line: string, input: string | Buffer = "", environment: Record<string, string> = {}) => {
  const { status, stderr, stdout } = spawnSync("/bin/sh", ["-c", line], {
    cwd: bin,
    input,
    env: { ...variables, ...environment },
    encoding: "latin1"
  })
  return { status, stderr, stdout }
}

/** Message and envelope, `|` for NUL. */
const queued = (): string => (existsSync(caught) ? readFileSync(caught, "latin1").replaceAll("\0", "|") : "nothing")
const header = "Date: d\nMessage-ID: <m>\nFrom: f@x.y\nTo: t\n"

describe("qmail-inject", () => {
  it("queues", () => {
    assert.deepStrictEqual(run("./qmail-inject", `${header}\nbody`), { status: 0, stderr: "", stdout: "" })
    assert.strictEqual(queued(), `${header.replace("t\n", "t@dh.example\n")}\nbody\nFjoe@dh.example|Tt@dh.example||`)
  })

  it("prints", () => {
    const { status, stdout } = run("./qmail-inject -n", `${header}\nbody`)
    assert.deepStrictEqual([status, stdout.split("\n")[0]], [0, "Return-Path: <joe@dh.example>"])
    assert.strictEqual(queued(), "nothing")
  })

  it("keeps every byte, also of arguments and environment", () => {
    run(
      "./qmail-inject -f \"$(printf 's\\377@x.y')\" \"$(printf 'a\\344@b.c')\"",
      Buffer.from("Subject: \xff\n\n\0\xfe", "latin1"),
      {}
    )
    assert.isTrue(queued().endsWith("Subject: \xff\n\n|\xfe\nFs\xff@x.y|Ta\xe4@b.c||"), queued())
    run("NAME=\"$(printf 'J\\366')\" ./qmail-inject", "\n")
    assert.include(queued(), 'From: "J\xf6" <joe@dh.example>\n')
  })

  it("passes a large body on", () => {
    const line = `${"x".repeat(78)}\n`
    assert.strictEqual(run("./qmail-inject", `${header}\n${line.repeat(100_000)}`).status, 0)
    assert.isAbove(queued().length, 7_900_000)
  })

  it("has queued nothing if the queue program did not take all of it, whatever that says", () =>
    assert.deepStrictEqual(run("./qmail-inject", `${header}\n${"x".repeat(1_000_000)}`, { QMAILQUEUE: "/bin/true" }), {
      status: 111,
      stderr: "qmail-inject: fatal: qq read error (#4.3.0)\n",
      stdout: ""
    }))

  for (const [what, line, status, stderr, environment] of [
    ["the queue's temporary no", "./qmail-inject", 111, "qq write error or disk full (#4.3.0)", { CODE: "53" }],
    ["the queue's permanent no", "./qmail-inject", 100, "envelope address too long for qq (#5.1.3)", { CODE: "11" }],
    ["no queue program", "./qmail-inject", 111, "unable to exec qq (#4.3.0)", { QMAILQUEUE: "/no/such" }],
    ["closed descriptor 0", "./qmail-inject <&-", 111, "read error", {}],
    ["a directory as descriptor 0", "./qmail-inject </", 111, "read error", {}],
    ["a full disk under -n", "./qmail-inject -n >/dev/full", 111, "unable to write output: out of disk space", {}],
    ["no home", "./qmail-inject", 111, "internal bug", { QMAILHOME: "/no/such" }],
    ["a list file that is a directory", "./qmail-inject", 111, "read error", { QMAILMFTFILE: "/" }]
  ] as ReadonlyArray<readonly [string, string, number, string, Record<string, string>]>)
    it(`says what is wrong: ${what}`, () =>
      assert.deepStrictEqual(run(line, `${header}\n`, environment), {
        status,
        stderr: `qmail-inject: fatal: ${stderr}\n`,
        stdout: ""
      }))

  it("does not take a control file that it cannot read for a missing one", () => {
    mkdirSync(join(home, "control/plusdomain"))
    assert.deepInclude(run("./qmail-inject", "\n"), { status: 111, stderr: "qmail-inject: fatal: read error\n" })
  })
})

describe("sendmail", () => {
  it("becomes qmail-inject, bytes and exit code included", () => {
    const line = "./sendmail -oi -f \"$(printf 's\\377@x.y')\" \"$(printf 'a\\344@b.c')\""
    assert.deepStrictEqual(run(line, `${header}\n`, { CODE: "31" }), {
      status: 100,
      stderr: "qmail-inject: fatal: mail server permanently rejected message (#5.3.0)\n",
      stdout: ""
    })
    assert.isTrue(queued().endsWith("Fs\xff@x.y|Ta\xe4@b.c||"), queued())
  })

  it("says what it cannot run", () => {
    rmSync(join(home, "bin"))
    for (const [args, program] of [
      ["x", "qmail-inject"],
      ["-bs", "qmail-smtpd"],
      ["-bp", "qmail-qread"]
    ])
      assert.deepInclude(run(`./sendmail ${args}`), {
        status: 111,
        stderr: `sendmail: fatal: unable to run ${program}\n`
      })
    mkdirSync(join(home, "bin"))
    writeFileSync(join(home, "bin/qmail-inject"), "#!/no/such/interpreter\n", { mode: 0o755 })
    assert.deepInclude(run("./sendmail x"), { status: 111, stderr: "sendmail: fatal: unable to run qmail-inject\n" })
  })

  it("has no home, no work", () =>
    assert.deepInclude(run("./sendmail x", "", { QMAILHOME: "/no/such" }), {
      status: 111,
      stderr: "sendmail: fatal: unable to switch to qmail home directory\n"
    }))

  it("under another name is another program", () => {
    symlinkSync(join(bin, "sendmail"), join(scratch, "newaliases"))
    const { status, stderr } = run(join(scratch, "newaliases"))
    assert.deepStrictEqual([status, stderr], [100, "sendmail: fatal: please use fastforward/newaliases instead\n"])
  })
})

describe("predate, datemail, mailsubj, qreceipt", () => {
  it("predate dates, in local time, what its child reads", () => {
    const { status, stdout } = run("./predate sh -c 'cat; exit 37'", "Subject: x\n")
    assert.strictEqual(status, 37)
    assert.match(stdout, /^Date: \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0530\nSubject: x\n$/)
  })
  it("predate does not feed a child that is gone", () => assert.strictEqual(run("yes | ./predate true").status, 0))
  for (const [line, status, stderr] of [
    ["./predate", 100, "predate: usage: predate child\n"],
    ["./predate /no/such", 111, "predate: fatal: unable to run /no/such: file does not exist\n"],
    ["./predate sh -c 'kill -9 $$'", 111, "predate: fatal: child crashed\n"]
  ] as const)
    it(`${line}: ${status}`, () => assert.deepStrictEqual(run(line), { status, stderr, stdout: "" }))

  it("datemail is sendmail, dated", () => {
    assert.strictEqual(run("./datemail -t", "To: t\n\n").status, 0)
    assert.match(queued(), /\nDate: .* \+0530\nTo: t@dh\.example\n/)
  })

  it("mailsubj makes a mail of subject, recipients and text", () => {
    assert.strictEqual(run("./mailsubj 'two words' a b@x.y", "text").status, 0)
    assert.isTrue(
      queued().endsWith("Subject: two words\nTo: a@dh.example, b@x.y\n\ntext\nFjoe@dh.example|Tb@x.y|Ta@dh.example||")
    )
  })

  it("qreceipt answers who asks", () => {
    const message = "Message-ID: <1>\nNotice-Requested-Upon-Delivery-To: me@x.y\n\nbody\n"
    assert.deepStrictEqual(run("./qreceipt me@x.y", message, { SENDER: "s@x.y" }), {
      status: 0,
      stderr: "",
      stdout: ""
    })
    assert.isTrue(queued().endsWith("Your Message-ID: <1>\nF|Ts@x.y||"))
  })
  for (const [what, line, sender, text, status, stderr] of [
    ["an address that nobody named", "./qreceipt you@x.y", "s@x.y", "me@x.y", 0, ""],
    ["no sender", "./qreceipt me@x.y", undefined, "me@x.y", 100, "usage: qreceipt deliveryaddress"],
    [
      "a list that is none",
      "./qreceipt me@x.y",
      "s",
      "(x",
      100,
      "fatal: unable to parse this: Notice-Requested-Upon-Delivery-To: (x"
    ],
    ["a queue that is full", "CODE=53 ./qreceipt me@x.y", "s", "me@x.y", 111, "fatal: temporary qmail-queue error"],
    ["closed descriptor 0", "./qreceipt me@x.y <&-", "s", "me@x.y", 111, "fatal: read error"]
  ] as const)
    it(`qreceipt and ${what}: ${status}`, () =>
      assert.deepStrictEqual(
        run(line, `Notice-Requested-Upon-Delivery-To: ${text}\n\n`, sender === undefined ? {} : { SENDER: sender }),
        { status, stderr: stderr === "" ? "" : `qreceipt: ${stderr}\n`, stdout: "" }
      ))
})

describe("In a home made by thresher init", () => {
  beforeEach(() => writeFileSync(join(home, "install.json"), '{ "classic": false }\n'))
  const crlf = "To: a@x.y\r\nSubject: s\r\n\r\nbody\r\n.\r\n"

  for (const [line, input] of [
    ["./sendmail -t -i", crlf],
    ["./qmail-inject", crlf],
    ["./datemail -t", crlf],
    ["./predate ./qmail-inject", crlf],
    ["./mailsubj s a@x.y", "body\r\n.\r\n"]
  ] as const)
    it(`${line}: a text with CR LF is queued with LF`, () => {
      assert.strictEqual(run(line, input).status, 0)
      assert.isTrue(queued().endsWith("\n\nbody\n.\nFjoe@dh.example|Ta@x.y||"), queued())
      assert.notInclude(queued(), "\r")
    })

  for (const [args, envelope] of [
    ["-f '<>' a@x.y", "F|Ta@x.y||"],
    ["-f '' a@x.y", "F|Ta@x.y||"],
    ["-f '<me@x.y>' a@x.y", "Fme@x.y|Ta@x.y||"],
    ["-r 'Joe <me@x.y>' -N never -R hdrs -- a@x.y", "Fme@x.y|Ta@x.y||"],
    ["'a@x.y, b' 'Joe <c@x.y>'", "Fjoe@dh.example|Ta@x.y|Tb@dh.example|Tc@x.y||"],
    ["-FCronDaemon -i -odi -oem -oi -t -f root", "Froot@dh.example|Tt@dh.example||"]
  ] as const)
    it(`sendmail ${args}`, () => {
      assert.deepStrictEqual(run(`./sendmail ${args}`, `${header}\nbody`), { status: 0, stderr: "", stdout: "" })
      assert.isTrue(queued().endsWith(`\nbody\n${envelope}`), queued())
    })

  for (const [line, stderr] of [
    ["./sendmail 'a@x>'", "qmail-inject: fatal: unable to parse address: a@x>\n"],
    ["./sendmail -f 'a, b' c", "qmail-inject: fatal: unable to parse address: a, b\n"],
    ["./qmail-inject -a", "qmail-inject: fatal: no recipients: neither the arguments nor the header name one\n"],
    ["./qmail-inject 'Joe a@x'", "qmail-inject: fatal: unable to parse address: Joe a@x\n"],
    ["./mailsubj s", "qmail-inject: fatal: no recipients: neither the arguments nor the header name one\n"],
    ["./mailsubj s 'a@x>'", "qmail-inject: fatal: unable to parse address: a@x>\n"],
    [
      "QMAILUSER=\"$(printf 'a\\nX: y')\" ./qmail-inject",
      "qmail-inject: fatal: control character in the user: a?X: y\n"
    ],
    ["NEWSENDER=s DTLINE=d ./forward \"$(printf 'a\\nb@x')\"", "forward: fatal: control character in address: a?b@x\n"],
    ["NEWSENDER=\"$(printf 's\\r')\" DTLINE=d ./forward a@x", "forward: fatal: control character in address: s?\n"],
    ["NEWSENDER=s DTLINE=d ./forward ''", "forward: fatal: a recipient is empty\n"],
    [
      "SENDER=\"$(printf 's\\r')\" DTLINE=d ./condredirect a@x true </dev/null",
      "condredirect: fatal: control character in address: s?\n"
    ]
  ] as const)
    it(`${line}: 100, and nothing is queued`, () => {
      assert.deepStrictEqual(run(line, `${header}\n`), { status: 100, stderr, stdout: "" })
      assert.strictEqual(queued(), "nothing")
    })

  it("no argument and no variable writes a line of its own", () => {
    const evil = "$(printf 'Joe\\nX-Inject: y')"
    for (const line of [
      `./sendmail -F "${evil}" a@x`,
      `MAILNAME="${evil}" ./qmail-inject a@x`,
      `QMAILINJECT=c NAME="${evil}" ./qmail-inject a@x`,
      `./mailsubj "${evil}" a@x`
    ]) {
      assert.strictEqual(run(line, "\n").status, 0)
      assert.include(queued(), "Joe X-Inject: y")
      assert.notInclude(queued(), "\nX-Inject")
    }
  })

  it("sendmail --help and --version print, and read nothing", () => {
    for (const option of ["--help", "--version"]) {
      const { status, stderr, stdout } = run(`./sendmail ${option} <&-`)
      assert.deepStrictEqual([status, stderr], [0, ""])
      assert.include(stdout, "sendmail")
    }
    assert.strictEqual(run("./sendmail -z a").stderr.split("\n")[0], "sendmail: illegal option -- z")
  })

  it("forward keeps every byte of a text", () => {
    assert.strictEqual(run("NEWSENDER=s DTLINE= ./forward a@x", "A: 1\r\n\r\nb\r\n").status, 0)
    assert.strictEqual(queued(), "A: 1\r\n\r\nb\r\nFs|Ta@x||")
  })
})
