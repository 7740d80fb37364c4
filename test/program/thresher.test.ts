/** The verbs of `thresher`, as a newcomer tries them: what they say, and with which code they end. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { createServer, type Server } from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { onTestFinished } from "vitest"
import * as CommandLine from "../../src/core/command/CommandLine.ts"
import * as QueueCommandLine from "../../src/core/command/QueueCommandLine.ts"
import {
  bystander,
  converse,
  letter,
  mailOf,
  makeHome,
  program,
  queueFiles,
  removeHome,
  type RunningServer,
  startServer,
  thresher,
  until
} from "./RunningServer.ts"

const isRoot = process.geteuid!() === 0
const scratch = mkdtempSync(join(tmpdir(), "thresher-verbs-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
let count = 0
const place = () => join(scratch, `${count++}`)

/** Exit code and the one line of complaint. */
const refusal = (code: number, text: string) => ({ code, out: "", complaint: `thresher: fatal: ${text}\n` })

const freshHome = (): string => {
  const home = place()
  assert.strictEqual(thresher(["init", "--home", home, "--domain", "local.test"]).code, 0)
  return home
}

describe("thresher init", () => {
  it("makes a home and says where mail arrives; once more changes nothing", () => {
    const home = place()
    assert.deepStrictEqual(thresher(["init", "--home", home, "--domain", "local.test"]), {
      code: 0,
      out: `${home} is a home for local.test; every local part arrives in ${home}/alias/Maildir/new/\n`,
      complaint: ""
    })
    writeFileSync(join(home, "control/locals"), "local.test\nmore.test\n")
    chmodSync(join(home, "mail"), 0o711)
    assert.deepStrictEqual(thresher(["init", "--home", home, "--domain", "local.test"]), {
      code: 0,
      out: `${home} was a home already; what was there is unchanged\n`,
      complaint: ""
    })
    assert.strictEqual(readFileSync(join(home, "control/locals"), "latin1"), "local.test\nmore.test\n")
    assert.strictEqual(lstatSync(join(home, "mail")).mode & 0o777, 0o711)
  })
  it("takes the home from QMAILHOME, and a relative one from the working directory", () => {
    const home = place()
    assert.strictEqual(thresher(["init", "--domain", "local.test"], { QMAILHOME: home }).code, 0)
    assert.isTrue(existsSync(join(home, "install.json")))
  })
  it("does not make another domain's home of it", () => {
    const home = freshHome()
    assert.deepStrictEqual(
      thresher(["init", "--home", home, "--domain", "other.test"]),
      refusal(100, `unable to use ${home}: it is a home for local.test`)
    )
  })
  it("leaves a directory alone that holds something else", () => {
    assert.deepStrictEqual(
      thresher(["init", "--home", "/usr", "--domain", "local.test"]),
      refusal(100, "unable to use /usr: it is not empty, and no home of Thresher")
    )
  })
  for (const [words, complaint] of [
    [[], "init wants --domain NAME"],
    [["--domain", "a b"], "not a domain name: a b"],
    [["--domain"], "option --domain wants a value"]
  ] as const)
    it(`${["init", ...words].join(" ")}: ${complaint}`, () =>
      assert.deepStrictEqual(
        thresher(["init", ...words]),
        refusal(100, `${complaint} (thresher help says what there is)`)
      ))
})

describe("every verb that needs a home", () => {
  const verbs = [["start"], ["stop"], ["check"], ["user", "add", "joe"]]
  it("says that there is none", () => {
    const home = place()
    for (const words of verbs)
      assert.deepStrictEqual(
        thresher([...words, "--home", home]),
        refusal(111, `unable to use ${home}: file does not exist (thresher init makes a home)`)
      )
  })
  it("says that a directory is none", () => {
    const home = place()
    mkdirSync(home)
    for (const words of verbs)
      assert.deepStrictEqual(
        thresher([...words, "--home", home]),
        refusal(111, `unable to use ${home}: it has no directory control (thresher init makes a home)`)
      )
  })
  it("says that its record is damaged", () => {
    const home = freshHome()
    writeFileSync(join(home, "install.json"), "{")
    for (const words of verbs)
      assert.deepStrictEqual(
        thresher([...words, "--home", home]),
        refusal(111, `unable to read ${home}/install.json: not JSON`)
      )
  })
  it.skipIf(!isRoot)("does not work in the home of another account (needs root)", () => {
    const home = freshHome()
    chownSync(home, 12345, 12345)
    assert.deepStrictEqual(
      thresher(["start", "--home", home]),
      refusal(111, `unable to start in ${home}: it belongs to uid 12345, and this is uid 0`)
    )
    assert.deepStrictEqual(
      thresher(["user", "add", "joe", "--home", home]),
      refusal(100, `unable to add joe: ${home} belongs to uid 12345`)
    )
    assert.deepStrictEqual(
      thresher(["init", "--home", home, "--domain", "local.test"]),
      refusal(100, `unable to use ${home}: it belongs to uid 12345`)
    )
    assert.isFalse(existsSync(join(home, "mail/joe")))
  })
  it("a qmail home is not served by one process", () => {
    const home = freshHome()
    rmSync(join(home, "install.json"))
    assert.deepStrictEqual(
      thresher(["start", "--home", home]),
      refusal(111, `unable to start in ${home}: it belongs to qmail's users; qmail-start runs there`)
    )
  })
})

describe("thresher check and start", () => {
  /** Whatever is wrong: its first line, as `check` says it. */
  const faults: Readonly<Record<string, readonly [spoil: (home: string) => void, text: string]>> = {
    "a bad line": [
      (home) => writeFileSync(join(home, "control/smtproutes"), "# routes\n.test:relay.test:smtp\n"),
      "control/smtproutes: line 2: port smtp is not a number from 1 to 65535"
    ],
    "a client that is none": [
      (home) => writeFileSync(join(home, "control/relayclients"), "127.\nlocalnet\n"),
      "control/relayclients: line 2: localnet is no address and no network"
    ],
    "a file that is none": [
      (home) => mkdirSync(join(home, "control/databytes")),
      "control/databytes: unable to read: is a directory"
    ],
    "a zero byte": [(home) => writeFileSync(join(home, "control/me"), "lo\0cal\n"), "control/me: has a zero byte"],
    "a part of the queue that is gone": [
      (home) => rmSync(join(home, "queue/info/22"), { recursive: true }),
      "queue/info/22: does not exist"
    ],
    "a queue that others may write": [
      (home) => chmodSync(join(home, "queue/todo"), 0o777),
      "queue/todo: is writable to others: mode 0777, not 0750"
    ]
  }
  for (const [title, [spoil, text]] of Object.entries(faults))
    it(`${title}: file, line and reason, exit 111, and nothing is started`, () => {
      const home = freshHome()
      spoil(home)
      assert.deepStrictEqual(thresher(["check", "--home", home]), { code: 111, out: `error: ${text}\n`, complaint: "" })
      assert.deepStrictEqual(
        thresher(["start", "--home", home, "--listen", "127.0.0.1:0"]),
        refusal(111, `unable to start in ${home}: error: ${text}`)
      )
      assert.isFalse(existsSync(join(home, "queue/lock/server")))
    })
  it.skipIf(isRoot)("a control file that may not be read (needs not to be root)", () => {
    const home = freshHome()
    chmodSync(join(home, "control/locals"), 0)
    assert.deepStrictEqual(
      thresher(["start", "--home", home, "--listen", "127.0.0.1:0"]),
      refusal(111, `unable to start in ${home}: error: control/locals: unable to open: access denied`)
    )
  })
  it("start says how many more there are", () => {
    const home = freshHome()
    writeFileSync(join(home, "control/relayclients"), "a\nb\nc\n")
    assert.deepStrictEqual(
      thresher(["start", "--home", home]),
      refusal(
        111,
        `unable to start in ${home}: error: control/relayclients: line 1: a is no address and no network` +
          " (and 2 more: run thresher check)"
      )
    )
  })
  it("check: 0 for nothing, 1 for what is only odd", () => {
    const home = freshHome()
    assert.deepStrictEqual(thresher(["check", "--home", home]), {
      code: 0,
      out: `${home}: nothing to complain about\n`,
      complaint: ""
    })
    assert.strictEqual(thresher(["check", "--json", "--home", home]).out, "[]\n")
    writeFileSync(join(home, "control/locales"), "")
    assert.deepStrictEqual(thresher(["check", "--home", home]), {
      code: 1,
      out: "warning: control/locales: no program reads this file\n",
      complaint: ""
    })
    const json = thresher(["check", "--json", "--home", home])
    assert.deepStrictEqual(JSON.parse(json.out), [
      { severity: "warning", file: "control/locales", reason: "no program reads this file" }
    ])
    assert.strictEqual(json.code, 1)
  })
})

describe("thresher start", () => {
  let home: string
  let server: RunningServer
  let taken: Server
  beforeAll(async () => {
    home = makeHome()
    server = await startServer(home)
    taken = createServer()
    await new Promise<void>((ready) => taken.listen(0, "127.0.0.1", ready))
  })
  afterAll(async () => {
    await server.end("SIGTERM")
    taken.close()
    removeHome(home)
  })

  it("says that the queue is served already, and by whom stop is answered", () => {
    assert.deepStrictEqual(thresher(["start", "--home", home, "--log", "qmail", "--listen", "127.0.0.1:0"]), {
      ...refusal(111, `unable to start in ${home}: another process sends the mail of its queue`),
      out: "alert: cannot start: qmail-send is already running\n"
    })
    assert.include(readFileSync(join(home, "queue/lock/server"), "latin1"), `"pid":${server.pid}`)
  })
  it("says which port is taken, and leaves nothing running", () => {
    const { port } = taken.address() as { port: number }
    const other = freshHome()
    const ended = thresher(["start", "--home", other, "--listen", "127.0.0.1:0", "--listen", `127.0.0.1:${port}`])
    assert.strictEqual(
      ended.complaint,
      `thresher: fatal: unable to listen on 127.0.0.1:${port}: address already used\n`
    )
    assert.strictEqual(ended.code, 111)
    assert.notInclude(ended.out, "ready")
  })
  for (const [endpoint, code, text] of [
    ["192.0.2.1:0", 111, "unable to listen on 192.0.2.1:0: address not available"],
    ["fd:99", 111, "unable to listen on fd:99: file descriptor not open"],
    ["smtp", 100, "not HOST:PORT or fd:N: smtp (thresher help says what there is)"]
  ] as const)
    it(`--listen ${endpoint}: ${text}`, () => {
      const ended = thresher(["start", "--home", freshHome(), "--listen", endpoint])
      assert.deepStrictEqual([ended.code, ended.complaint], [code, `thresher: fatal: ${text}\n`])
    })
})

/** Resolves when another program serves the queue. */
const holdMutex = (home: string) =>
  new Promise((begun) =>
    bystander("flock", [
      "-n",
      join(home, "queue/lock/sendmutex"),
      "sh",
      "-c",
      "echo; exec sleep 1000"
    ]).child.stdout.once("data", begun)
  )

describe("thresher stop", () => {
  it("nobody there: 100", () => {
    const home = freshHome()
    assert.deepStrictEqual(thresher(["stop", "--home", home]), refusal(100, `unable to stop: nobody serves ${home}`))
  })
  it("a server that was killed is nobody, whatever it left behind", async () => {
    const home = makeHome()
    const server = await startServer(home)
    await server.end("SIGKILL")
    assert.isTrue(existsSync(join(home, "queue/lock/server")))
    assert.strictEqual(thresher(["stop", "--home", home]).code, 100)
    removeHome(home)
  })
  it("a running server: 0, and it has ended with 0", async () => {
    const home = makeHome()
    const server = await startServer(home)
    assert.deepStrictEqual(thresher(["stop", "--home", home]), { code: 0, out: "", complaint: "" })
    await until("the end", () => server.ending() !== undefined)
    assert.strictEqual(server.ending(), 0)
    assert.isFalse(existsSync(join(home, "queue/lock/server")))
    removeHome(home)
  })
  it("while a delivery hangs: that is cut off, stays queued, and leaves no process behind", async () => {
    const home = makeHome()
    writeFileSync(join(home, "alias/.qmail-slow"), "|echo $$ >pid; exec sleep 1000\n", { mode: 0o600 })
    const server = await startServer(home, ["--drain", "0"])
    await converse(server.port, ["MAIL FROM:<>", "RCPT TO:<slow@local.test>", "DATA", "\r\n."])
    await until("the command", () => existsSync(join(home, "alias/pid")), server.log)
    assert.deepStrictEqual(thresher(["stop", "--home", home]), { code: 0, out: "", complaint: "" })
    await until("the end", () => server.ending() !== undefined)
    assert.strictEqual(server.ending(), 0)
    const pid = Number(readFileSync(join(home, "alias/pid"), "latin1"))
    await until("the end of the command", () => !existsSync(`/proc/${pid}`))
    assert.lengthOf(
      queueFiles(home).filter((file) => file.startsWith("mess/")),
      1
    )
    writeFileSync(join(home, "alias/.qmail-slow"), "|touch done\n")
    const next = await startServer(home)
    await until("the next attempt", () => existsSync(join(home, "alias/done")), next.log)
    await next.end("SIGTERM")
    removeHome(home)
  })
  it("a server that will not go in time: 111, and who it is", async () => {
    const home = makeHome()
    writeFileSync(join(home, "alias/.qmail-slow"), "|echo $$ >pid; exec sleep 1000\n", { mode: 0o600 })
    const server = await startServer(home, ["--drain", "1000"])
    await converse(server.port, ["MAIL FROM:<>", "RCPT TO:<slow@local.test>", "DATA", "\r\n."])
    const command = () => (existsSync(join(home, "alias/pid")) ? readFileSync(join(home, "alias/pid"), "latin1") : "")
    await until("the command", () => command().endsWith("\n"), server.log)
    const pid = command().trim()
    // Nobody else ends what a killed server leaves behind.
    onTestFinished(() => void spawnSync("kill", ["-9", pid]))
    assert.deepStrictEqual(
      thresher(["stop", "--home", home, "--timeout", "0"]),
      refusal(111, `unable to stop: process ${server.pid} is still there after 0 seconds`)
    )
    await server.end("SIGKILL")
    removeHome(home)
  })
  it("a server without a record, or with an old one that names a process of somebody else", async () => {
    const innocent = bystander("sleep", ["1000"])
    const home = makeHome()
    const record = join(home, "queue/lock/server")
    for (const content of [
      undefined,
      "",
      `{"pid":${innocent.child.pid},"addresses":[]}\n`,
      `{"pid":1,"addresses":[]}\n`
    ]) {
      const server = await startServer(home)
      if (content === undefined) rmSync(record)
      else writeFileSync(record, content)
      assert.deepStrictEqual(thresher(["stop", "--home", home]), { code: 0, out: "", complaint: "" })
      await until("the end", () => server.ending() !== undefined)
      assert.strictEqual(server.ending(), 0)
    }
    assert.isTrue(innocent.isThere())
    removeHome(home)
  })
  it("an old record that names a process of somebody else, and another program that serves: 111, and nobody is hurt", async () => {
    const innocent = bystander("sleep", ["1000"])
    const home = freshHome()
    writeFileSync(join(home, "queue/lock/server"), `{"pid":${innocent.child.pid},"addresses":[]}\n`)
    await holdMutex(home)
    const ended = thresher(["stop", "--home", home])
    assert.strictEqual(ended.code, 111)
    assert.isTrue(innocent.isThere())
  })
  it("a queue served by another program: 111", async () => {
    const home = freshHome()
    await holdMutex(home)
    const ended = thresher(["stop", "--home", home])
    assert.deepStrictEqual(
      ended,
      refusal(111, `unable to stop: ${home} is served by a program of another kind, perhaps qmail-send`)
    )
  })
})

describe("thresher user add", () => {
  it("gives a Maildir; the first user ends the catch-all", () => {
    const home = freshHome()
    assert.deepStrictEqual(thresher(["user", "add", "Joe", "--home", home]), {
      code: 0,
      out:
        `mail to joe arrives in ${home}/mail/joe/Maildir/new/\n` +
        `${home}/mail/joe/.qmail changes that; ${home}/mail/joe/.qmail-EXT makes the address joe-EXT\n` +
        "mail to any other name is accepted and then returned to its sender, " +
        `unless there is ${home}/alias/.qmail-NAME (as for postmaster, abuse, root, mailer-daemon)\n`,
      complaint: ""
    })
    const { out } = thresher(["user", "add", "ann", "--home", home])
    assert.match(out, /^mail to ann arrives in [^\n]*\n[^\n]*\n$/)
    // Whether mail to joe-x was delivered until now, joe's .qmail files say.
    assert.match(thresher(["user", "add", "joe-x", "--home", home]).out, /\nuntil now that was an extension of joe\n$/)
    assert.deepStrictEqual(
      thresher(["user", "add", "ann", "--home", home]),
      refusal(100, "unable to add ann: there is a user of this name")
    )
    assert.deepStrictEqual(
      thresher(["user", "add", "a b", "--home", home]),
      refusal(100, "unable to add a b: a user name has no blanks and no control bytes")
    )
    assert.strictEqual(thresher(["check", "--home", home]).code, 0)
  })
})

/** What the sentence above says. */
describe("a name that no user has", () => {
  it("is accepted by SMTP and then returned to its sender", async () => {
    const home = freshHome()
    assert.strictEqual(thresher(["user", "add", "joe", "--home", home]).code, 0)
    const server = await startServer(home)
    const replies = await converse(server.port, letter("joe@local.test", ["nobody@local.test"]))
    assert.match(replies.at(-1)!, /^250 ok/)
    await until("the bounce", () => mailOf(home, "joe").length === 1, server.log)
    assert.include(mailOf(home, "joe")[0], "<nobody@local.test>:")
    assert.strictEqual(await server.end("SIGTERM"), 0)
  })
})

describe("thresher install", () => {
  it("puts the programs into the home, in the place of a link to them; they run there", () => {
    const home = freshHome()
    const installed = thresher(["install", "--home", home])
    assert.match(installed.out, new RegExp(`^\\d+ programs installed in ${home}/bin\n`))
    assert.include(installed.out, "\neach program needs 2000000 KiB of address space")
    assert.include(installed.out, "\nthe server needs 4000000 KiB of address space")
    assert.strictEqual(installed.code, 0)
    assert.isTrue(lstatSync(join(home, "bin")).isDirectory())
    const { stdout } = spawnSync(join(home, "bin/qmail-qstat"), [], { encoding: "latin1", env: { QMAILHOME: home } })
    assert.match(stdout, /^messages in queue: 0\n/)
    assert.strictEqual(thresher(["check", "--home", home]).code, 0)
  })
  it("writes nothing into a directory of somebody else", () => {
    const other = place()
    mkdirSync(join(other, "bin"), { recursive: true })
    assert.deepStrictEqual(
      thresher(["install", "--home", other]),
      refusal(100, `unable to install in ${other}: it is not empty, and has no directory control`)
    )
    assert.deepStrictEqual(readdirSync(other), ["bin"])
  })
  it("makes a home of qmail's users, where there are none says how to make them, and needs root", () => {
    const other = place()
    mkdirSync(join(other, "control"), { recursive: true })
    const role = (name: string) => `no-such-${name}`
    const users = Object.fromEntries(
      ["alias", "qmaild", "qmaill", "qmailp", "qmailq", "qmailr", "qmails"].map((name) => [name, role(name)])
    )
    writeFileSync(join(other, "install.json"), JSON.stringify({ owners: "many", users: { ...users, root: "root" } }))
    const ended = thresher(["install", "--home", other])
    if (isRoot) {
      assert.match(ended.out, /^these accounts are missing; make them, or say --make-users:\n(group|user)add /)
      assert.strictEqual(ended.code, 111)
    } else
      assert.deepStrictEqual(
        ended,
        refusal(100, `unable to install in ${other}: only root can give files to qmail's users`)
      )
    assert.sameMembers(readdirSync(other), ["control", "install.json"])
  })
})

describe("thresher check under limits", () => {
  it("warns of a softlimit that leaves node too little, and of too few files", () => {
    const home = freshHome()
    const under = (limit: string) => {
      const { status, stdout } = spawnSync(
        "sh",
        ["-c", `ulimit ${limit}; exec "$0" "$@"`, program("thresher"), "check"],
        {
          encoding: "latin1",
          env: { PATH: process.env["PATH"], QMAILHOME: home }
        }
      )
      return `${status} ${stdout}`
    }
    assert.match(under("-v 3000000"), /^1 warning: \/proc\/self\/limits: address space is limited to 3000000 KiB; /)
    assert.match(under("-n 300"), /^1 warning: \/proc\/self\/limits: open files are limited to 300; /)
  })
})

describe("thresher help", () => {
  const manual = resolve(import.meta.dirname, "../../docs/man")
  it("is also what `thresher` alone says", () => {
    assert.deepStrictEqual(thresher([]), { code: 0, out: CommandLine.usage(), complaint: "" })
    assert.deepStrictEqual(thresher(["help"]), thresher(["--help"]))
  })
  it("of what there is not", () => {
    assert.deepStrictEqual(thresher(["help", "nothing"]), refusal(100, "no manual page: nothing"))
    assert.deepStrictEqual(thresher(["help", "../x"]), refusal(100, "no manual page: ../x"))
    assert.deepStrictEqual(thresher(["fly"]), refusal(100, "no such command: fly (thresher help says what there is)"))
  })
  it("thresher(8) has every command and every option", () => {
    const page = readFileSync(join(manual, "thresher.8"), "latin1")
    for (const line of CommandLine.usage().matchAll(/^ {2}(\S+(?: [a-z]+)*)(.*)$/gm)) {
      assert.match(page, new RegExp(`^\\.It Cm ${line[1]!.split(" ")[0]}\\b`, "m"), line[1])
      for (const [, option] of line[2]!.matchAll(/--([a-z-]+)/g))
        assert.match(page, new RegExp(`Fl -${option}\\b`), `${line[1]} --${option}`)
    }
    for (const option of [...QueueCommandLine.options, ...QueueCommandLine.switches])
      assert.match(page, new RegExp(`Fl -${option}\\b`), `queue --${option}`)
    for (const verb of QueueCommandLine.words.match(/[a-z]+/g)!)
      assert.match(page, new RegExp(`^\\.It Cm queue .*\\b${verb}\\b`, "m"), `queue ${verb}`)
  })
})
