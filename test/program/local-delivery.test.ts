/** qmail-local and the programs around it, as child processes: descriptors, locks, exit codes, texts. */
import { afterAll, assert, beforeEach, describe, it } from "@effect/vitest"
import { spawn, spawnSync, type SpawnSyncReturns } from "node:child_process"
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const bin = resolve(import.meta.dirname, "../../dist/bin")
const root = mkdtempSync(join(tmpdir(), "thresher-program-"))
chmodSync(root, 0o755)
afterAll(() => rmSync(root, { recursive: true, force: true }))

const message = "Subject: hi\n\nFrom here\nend\n"
let home = ""
let count = 0

beforeEach(() => {
  home = join(root, `home${count++}`)
  for (const directory of ["tmp", "new", "cur"]) mkdirSync(join(home, "Maildir", directory), { recursive: true })
  mkdirSync(join(home, "qmail", "bin"), { recursive: true })
  write("message", message)
  chmodSync(home, 0o755)
})

const write = (name: string, content: string, mode = 0o644): void => {
  writeFileSync(join(home, name), content, { encoding: "latin1", mode })
  chmodSync(join(home, name), mode)
}
const read = (name: string): string => readFileSync(join(home, name), "latin1")

/** A queue program that keeps what it is given in the files text and envelope. */
const recordingQueue = "#!/bin/sh\ncat >../text\ncat <&1 >../envelope\n"

const environment = () => ({ PATH: "/usr/bin:/bin", QMAILHOME: join(home, "qmail") })

const run = (
  program: string,
  args: ReadonlyArray<string>,
  { stdin = "message" as string | number, env = {} as Record<string, string> } = {}
): SpawnSyncReturns<string> => {
  const fd = typeof stdin === "number" ? stdin : openSync(join(home, stdin), "r")
  const result = spawnSync(join(bin, program), args, {
    cwd: home,
    env: { ...environment(), ...env },
    stdio: [fd, "pipe", "pipe"],
    encoding: "latin1"
  })
  if (typeof stdin !== "number") closeSync(fd)
  return result
}

const operands = (changes: Readonly<Record<number, string>> = {}) =>
  ["--", "joe", home, "joe", "", "", "x", "s@y", "./Maildir/"].map((given, i) => changes[i] ?? given)

const outcome = ({ status, stderr, stdout }: SpawnSyncReturns<string>) => ({ status, stdout, stderr })

describe("qmail-local", () => {
  it("delivers all of the file on descriptor 0, wherever its offset stands", () => {
    const fd = openSync(join(home, "message"), "r")
    readSync(fd, new Uint8Array(8))
    write(".qmail", "./Maildir/\n|cat >copy\n")
    assert.deepStrictEqual(outcome(run("qmail-local", operands(), { stdin: fd })), {
      status: 0,
      stdout: "did 1+0+1\n",
      stderr: ""
    })
    closeSync(fd)
    const [entry] = readdirSync(join(home, "Maildir/new"))
    assert.match(entry!, /^[0-9]{10}\.[0-9]+\.[^/:]+$/)
    assert.strictEqual(read(`Maildir/new/${entry}`), `Return-Path: <s@y>\nDelivered-To: joe@x\n${message}`)
    assert.strictEqual(read("copy"), message)
  })
  it("two Maildir lines make two files in one second", () => {
    write(".qmail", "./Maildir/\n./Maildir/\n")
    assert.strictEqual(run("qmail-local", operands()).stdout, "did 2+0+0\n")
    assert.strictEqual(readdirSync(join(home, "Maildir/new")).length, 2)
  })
  it("a message on a pipe cannot be read twice, and waits", () => {
    const result = spawnSync("/bin/sh", ["-c", 'cat message | "$0" "$@"', join(bin, "qmail-local"), ...operands()], {
      cwd: home,
      env: environment(),
      encoding: "latin1"
    })
    assert.strictEqual(result.stderr, "Unable to rewind message. (#4.3.0)\n")
    assert.strictEqual(result.status, 111)
  })
  it("so does one on a socket", () => {
    const result = spawnSync(join(bin, "qmail-local"), operands(), { env: environment(), input: message })
    assert.strictEqual(result.stderr.toString(), "Unable to rewind message. (#4.3.0)\n")
  })
  it.runIf(process.getuid!() === 0)("reads a message that it may not open again", () => {
    const fd = openSync(join(home, "message"), "r")
    chmodSync(join(home, "message"), 0o600)
    write(".qmail", "|cat >&2\n")
    const result = spawnSync(join(bin, "qmail-local"), operands(), {
      env: environment(),
      stdio: [fd, "pipe", "pipe"],
      uid: 65534,
      gid: 65534,
      encoding: "latin1"
    })
    closeSync(fd)
    assert.deepStrictEqual(outcome(result), { status: 0, stdout: "did 0+0+1\n", stderr: message })
  })
  it("waits for the lock of an mbox that another program holds", async () => {
    write(".qmail", "./mbox\n")
    const holder = spawn("flock", ["-x", join(home, "mbox"), "sh", "-c", `echo held; read x; echo old >>mbox`], {
      cwd: home,
      stdio: ["pipe", "pipe", "ignore"]
    })
    await new Promise((done) => holder.stdout.once("data", done))
    const fd = openSync(join(home, "message"), "r")
    const local = spawn(join(bin, "qmail-local"), operands(), { env: environment(), stdio: [fd, "ignore", "ignore"] })
    await untilWaiting(local.pid!)
    assert.strictEqual(read("mbox"), "")
    holder.stdin.end("go\n")
    const status = await new Promise((done) => local.once("exit", done))
    closeSync(fd)
    assert.strictEqual(status, 0)
    assert.match(read("mbox"), /^old\nFrom s@y .*\nReturn-Path/)
  })
  it("copies 60 MB without holding them", () => {
    /** Most memory that the process ever had, in MB, as its own last command sees it. */
    const peak = (): number => {
      write(".qmail", "./Maildir/\n./mbox\n|grep VmHWM /proc/$PPID/status >peak\n")
      assert.strictEqual(run("qmail-local", operands(), { stdin: "message" }).status, 0)
      return Number(/[0-9]+/.exec(read("peak"))![0]) / 1024
    }
    const small = peak()
    writeFileSync(join(home, "message"), `Subject: large\n\n${"0123456789abcde\n".repeat(3_750_000)}`)
    assert.isBelow(peak() - small, 24)
  })
  it("hands forwards to the queue program of its home", () => {
    write("qmail/bin/qmail-queue", recordingQueue, 0o755)
    write(".qmail", "&a@b\n")
    const { status, stdout } = run("qmail-local", operands())
    assert.strictEqual(status, 0)
    assert.match(stdout, /^did 0\+1\+0\nqp [0-9]+\n$/)
    assert.strictEqual(read("text"), `Delivered-To: joe@x\n${message}`)
    assert.strictEqual(read("envelope"), "Fs@y\0Ta@b\0\0")
  })
  it("hands them over on pipes that the queue program can open once more, also the one for its complaint", () => {
    write("qmail/bin/qmail-queue", "#!/bin/sh\ncat /dev/stdin >../text\ncat /dev/fd/9 9<&1 >../envelope\n", 0o755)
    write(".qmail", "&a@b\n")
    assert.strictEqual(run("qmail-local", operands()).status, 0)
    assert.strictEqual(read("text"), `Delivered-To: joe@x\n${message}`)
    assert.strictEqual(read("envelope"), "Fs@y\0Ta@b\0\0")
    write("qmail/bin/qmail-queue", "#!/bin/sh\nprintf 'Znot today' >/proc/self/fd/6\nexit 82\n", 0o755)
    const { status, stderr } = run("qmail-local", operands())
    assert.deepStrictEqual([status, stderr], [111, "Unable to forward message: not today.\n"])
  })
  it("without a queue program the mail waits", () => {
    write(".qmail", "&a@b\n")
    assert.deepStrictEqual(outcome(run("qmail-local", operands())), {
      status: 111,
      stdout: "",
      stderr: "Unable to forward message: unable to exec qq (#4.3.0).\n"
    })
  })
})

describe("forward and condredirect", () => {
  const env = { NEWSENDER: "n@x", SENDER: "s@y", DTLINE: "Delivered-To: joe@x\n" }
  it("forward reads on from where the message stands", () => {
    write("qmail/bin/qmail-queue", recordingQueue, 0o755)
    const fd = openSync(join(home, "message"), "r")
    readSync(fd, new Uint8Array(9))
    const { status, stderr } = run("forward", ["a@b", ""], { stdin: fd, env })
    closeSync(fd)
    assert.match(stderr, /^forward: qp [0-9]+\n$/)
    assert.strictEqual(status, 0)
    assert.strictEqual(read("text"), "Delivered-To: joe@x\nhi\n\nFrom here\nend\n")
    assert.strictEqual(read("envelope"), "Fn@x\0Ta@b\0T\0\0")
  })
  it("condredirect rewinds what the program has read", () => {
    write("qmail/bin/qmail-queue", recordingQueue, 0o755)
    const { status, stdout } = run("condredirect", ["a@b", "grep", "hi"], { env })
    assert.strictEqual(stdout, "Subject: hi\n")
    assert.strictEqual(status, 99)
    assert.strictEqual(read("text"), `Delivered-To: joe@x\n${message}`)
    assert.strictEqual(read("envelope"), "Fs@y\0Ta@b\0\0")
  })
  it("condredirect without variables complains only when it would redirect", () => {
    assert.strictEqual(run("condredirect", ["a@b", "false"]).status, 0)
    assert.deepStrictEqual(outcome(run("condredirect", ["a@b", "true"])), {
      status: 100,
      stdout: "",
      stderr: "condredirect: fatal: SENDER not set\n"
    })
  })
  it("a directory for a message is unreadable: nothing is queued", () => {
    write("qmail/bin/qmail-queue", recordingQueue, 0o755)
    const { status, stderr } = run("forward", ["a@b"], { stdin: "Maildir", env })
    assert.strictEqual(stderr, "forward: fatal: unable to read message: is a directory\n")
    assert.strictEqual(status, 111)
    assert.strictEqual(existsSync(join(home, "envelope")) ? read("envelope") : "", "")
  })
})

describe("preline and qsmhook", () => {
  const env = {
    UFLINE: "From s@y now\n",
    RPLINE: "Return-Path: <s@y>\n",
    DTLINE: "Delivered-To: joe@x\n",
    LOCAL: "list-joe",
    HOST: "x",
    SENDER: "s@y"
  }
  it("preline's command can open its input once more, also when preline has written all", () => {
    const { status, stdout } = run("preline", ["sh", "-c", "sleep 0.1; cat /dev/stdin"], { env })
    assert.deepStrictEqual([status, stdout], [0, `${env.UFLINE}${env.RPLINE}${env.DTLINE}${message}`])
  })
  it("a command that does not read is no error", () => {
    writeFileSync(join(home, "large"), "x".repeat(1_000_000))
    assert.strictEqual(run("preline", ["sh", "-c", "exit 7"], { stdin: "large", env }).status, 7)
  })
  it("qsmhook gives a command sendmail's view", () => {
    const { status, stdout } = run(
      "qsmhook",
      ["-Pl", "-x", "LIST-", "sh", "-c", 'echo "$@"; cat', "sh", "-f", "%g", "%u@%h"],
      { env }
    )
    assert.strictEqual(stdout, `-f s@y joe@x\n${env.UFLINE}${env.RPLINE}${env.DTLINE}${message}`)
    assert.strictEqual(status, 0)
  })
  for (const [args, status, text] of [
    [[], 100, "incorrect usage"],
    [["/no/such"], 100, "command not found"],
    [["sh", "-c", "kill -9 $$"], 111, "temporary problem"]
  ] as const)
    it(`qsmhook ${args.join(" ")}: ${text}`, () =>
      assert.deepStrictEqual(outcome(run("qsmhook", args, { env })), {
        status,
        stdout: "",
        stderr: `qsmhook: fatal: ${text}\n`
      }))
})

describe("maildir2mbox and the readers", () => {
  const env = () => ({ MAILDIR: join(home, "Maildir"), MAIL: join(home, "mbox"), MAILTMP: join(home, "mbox.tmp") })
  const store = (name: string, content: string, seconds: number) => {
    write(`Maildir/${name}`, content)
    utimesSync(join(home, `Maildir/${name}`), seconds, seconds)
  }
  it("moves new and cur, oldest first, behind what is there, and empties the Maildir", () => {
    write("mbox", "From old\n\n")
    store("new/b", "Return-Path: <b@x>\n\nFrom b\n", 2000)
    store("cur/a:2,S", "Return-Path: <a@x>\n\na\n", 1000)
    store("new/.hidden", "x\n", 1000)
    assert.deepStrictEqual(outcome(run("maildir2mbox", [], { env: env() })), { status: 0, stdout: "", stderr: "" })
    const [first, second] = ["a@x Thu Jan 01 00:16:40 1970", "b@x Thu Jan 01 00:33:20 1970"]
    assert.strictEqual(
      read("mbox"),
      `From old\n\nFrom ${first}\nReturn-Path: <a@x>\n\na\n\nFrom ${second}\nReturn-Path: <b@x>\n\n>From b\n\n`
    )
    assert.deepStrictEqual(
      [...readdirSync(join(home, "Maildir/new")), ...readdirSync(join(home, "Maildir/cur"))],
      [".hidden"]
    )
    assert.isFalse(existsSync(join(home, "mbox.tmp")))
  })
  for (const [name, trouble] of [
    ["MAILDIR", "unable to chdir to : file does not exist"],
    ["MAIL", "unable to lock : file does not exist"]
  ] as const)
    it(`an empty ${name} names no file`, () => {
      store("new/a", "x\n", 1000)
      const { status, stderr } = run("maildir2mbox", [], { env: { ...env(), [name]: "" } })
      assert.deepStrictEqual([status, stderr], [111, `maildir2mbox: fatal: ${trouble}\n`])
    })
  it("in a home of ours no last line is lost", () => {
    write("qmail/install.json", '{"owners":"one"}')
    store("new/a", "Subject: x\n\nlast words", 1000)
    store("new/b", "just", 2000)
    assert.strictEqual(run("maildir2mbox", [], { env: env() }).status, 0)
    assert.include(read("mbox"), "\n\nlast words\n\n")
    assert.isTrue(read("mbox").endsWith("\njust\n\n"))
  })
  it("elq moves the mail and starts elm with its arguments", () => {
    mkdirSync(join(home, "tools"))
    write("tools/elm", '#!/bin/sh\necho "elm $*"; cat "$MAIL"; exit 3\n', 0o755)
    store("new/a", "Return-Path: <a@x>\n\nhi\n", 1000)
    const { status, stdout } = run("elq", ["-a", "b"], { env: { ...env(), PATH: `${home}/tools:/usr/bin:/bin` } })
    assert.strictEqual(stdout, "elm -a b\nFrom a@x Thu Jan 01 00:16:40 1970\nReturn-Path: <a@x>\n\nhi\n\n")
    assert.strictEqual(status, 3)
  })
  it("qail starts nothing where the mail could not be moved", () =>
    assert.deepStrictEqual(outcome(run("qail", [])), {
      status: 111,
      stdout: "",
      stderr: "maildir2mbox: fatal: MAIL not set\n"
    }))
  it("pinq says that there is no pine", () => {
    const { status, stderr } = run("pinq", [], { env: { ...env(), PATH: join(home, "none") } })
    assert.strictEqual(stderr, "pinq: fatal: unable to run pine: file does not exist\n")
    assert.strictEqual(status, 100)
  })
  it("maildirwatch shows new mail", async () => {
    store("new/a", "Return-Path: <a@x>\nDelivered-To: joe@x\nFrom: Ann\nSubject: hi\n\nbody\n", 1000)
    const watch = spawn(join(bin, "maildirwatch"), [], { env: { ...environment(), ...env() } })
    const shown = await new Promise<string>((done) =>
      watch.stdout.once("data", (bytes: Buffer) => done(bytes.toString()))
    )
    watch.kill()
    assert.strictEqual(shown, "\x1b[;H\x1b[;JFROM <a@x> TO <joe@x>\n\x1b[1mAnn\x1b[0m\nhi//body/\n\n")
  })
})

/** Until the process has a child, its flock(1), that waits. */
const untilWaiting = async (pid: number): Promise<void> => {
  const children = `/proc/${pid}/task/${pid}/children`
  // @effect-diagnostics-next-line globalTimers:off
  while (readFileSync(children, "latin1") === "") await new Promise((done) => setTimeout(done, 5))
}
