import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { onTestFinished } from "vitest"
import { makeHome, program, removeHome } from "./RunningServer.ts"

/** As in an rc file that names nothing but qmail's own directory. */
const environmentOf = (home: string) => ({ QMAILHOME: home, PATH: dirname(program("qmail-send")) })

/** qmail-start with its log in a file; it becomes qmail-send. */
const startQmail = (home: string, name: string) => {
  const file = join(home, name)
  const log = openSync(file, "w")
  const child = spawn(program("qmail-start"), ["./Maildir/"], {
    env: environmentOf(home),
    stdio: ["ignore", log, "ignore"]
  })
  closeSync(log)
  const ended = new Promise<number | null>((told) => child.on("exit", (code) => told(code)))
  return { child, ended, log: () => readFileSync(file, "latin1") }
}

const until = async (what: string, isTrue: () => boolean): Promise<void> => {
  for (let look = 0; look < 2000; look++) {
    if (isTrue()) return
    await sleep(10)
  }
  assert.fail(`never: ${what}`)
}

/** As qmail-inject does: the message on descriptor 0, the envelope on descriptor 1. */
const queue = (home: string, sender: string, ...recipients: ReadonlyArray<string>) => {
  const message = join(home, "message")
  const envelope = join(home, "envelope")
  writeFileSync(message, "Subject: hello\n\nbody\n")
  writeFileSync(envelope, `F${sender}\0${recipients.map((recipient) => `T${recipient}\0`).join("")}\0`)
  const descriptors = [openSync(message, "r"), openSync(envelope, "r")]
  const { status } = spawnSync(program("qmail-queue"), [], {
    env: environmentOf(home),
    stdio: [descriptors[0]!, descriptors[1]!, "inherit"]
  })
  descriptors.forEach(closeSync)
  assert.strictEqual(status, 0)
}

const mails = (home: string): ReadonlyArray<string> => {
  const directory = join(home, "alias/Maildir/new")
  return existsSync(directory)
    ? readdirSync(directory).map((name) => readFileSync(join(directory, name), "latin1"))
    : []
}

const filesIn = (home: string): ReadonlyArray<string> =>
  ["mess", "intd", "todo", "info", "local", "remote", "bounce"].flatMap((name) =>
    readdirSync(join(home, "queue", name), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${name}/${entry.name}`)
  )

const socketsOf = (pid: number): ReadonlyArray<string> =>
  readdirSync(`/proc/${pid}/fd`)
    .map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`)
      } catch {
        return ""
      }
    })
    .filter((file) => file.startsWith("socket:"))

describe("qmail-start", () => {
  let home: string
  let running: ReturnType<typeof startQmail>
  beforeAll(async () => {
    home = makeHome({ smtproutes: "far.test:127.0.0.1:1" })
    if (!existsSync(join(home, "bin"))) symlinkSync(dirname(program("qmail-send")), join(home, "bin"))
    running = startQmail(home, "log")
    await until("the first status line", () => running.log().includes("status: local 0/"))
  })
  afterAll(() => {
    running.child.kill("SIGKILL")
    removeHome(home)
  })

  it("becomes qmail-send", () =>
    assert.match(readFileSync(`/proc/${running.child.pid}/cmdline`, "latin1"), /qmail-send\0$/))

  it("delivers what is queued, and leaves nothing in the queue", async () => {
    queue(home, "author@local.test", "you@local.test")
    await until("the end of the message", () => /^end msg /m.test(running.log()))
    assert.match(running.log(), /^new msg (\d+)\ninfo msg \1: bytes \d+ from <author@local.test> qp \d+ uid \d+\n/m)
    assert.match(running.log(), /^delivery 1: success: did_1\+0\+0\/$/m)
    assert.lengthOf(mails(home), 1)
    await until("an empty queue", () => filesIn(home).length === 0)
  })

  it("bounces what cannot be delivered, and closes what joined it to the queue program", async () => {
    const before = socketsOf(running.child.pid!)
    writeFileSync(join(home, "alias/.qmail-no"), "|echo no such >/dev/stderr; echo box >/dev/stdout; exit 100\n")
    queue(home, "author@local.test", "no@local.test")
    await until("the bounce in the mailbox", () => mails(home).length === 2)
    const bounce = mails(home).find((mail) => mail.includes("Subject: failure notice"))!
    assert.include(bounce, "\n<no@local.test>:\nno such\nbox\n\n--- Below this line is a copy of the message.\n")
    assert.match(bounce, /^Received: \(qmail \d+ invoked /m)
    await until("no socket more than before", () => socketsOf(running.child.pid!).length <= before.length)
  })

  it("there is one qmail-send for a queue", async () => {
    const second = startQmail(home, "log2")
    assert.strictEqual(await second.ended, 111)
    assert.strictEqual(second.log(), "alert: cannot start: qmail-send is already running\n")
  })

  it("does what thresher queue asks", async () => {
    queue(home, "author@local.test", "you@far.test")
    await until("the deferral", () => /deferral: /.test(running.log()) && filesIn(home).join().includes("remote/"))
    const { stdout } = spawnSync(program("thresher"), [
      "queue",
      "delete",
      "--all",
      "--reason",
      "no room",
      "--home",
      home
    ])
    assert.match(String(stdout), /^\d+: deleted\n$/)
    assert.match(running.log(), /^admin: delete msg \d+: no_room$/m)
    assert.deepStrictEqual(filesIn(home), [])
  })

  it("TERM ends it and all that it started", async () => {
    const children = spawnSync("pgrep", ["-P", `${running.child.pid}`])
      .stdout.toString()
      .trim()
      .split("\n")
    assert.isAtLeast(children.length, 3)
    running.child.kill("SIGTERM")
    assert.strictEqual(await running.ended, 0)
    assert.match(running.log(), /status: exiting\n$/)
    await until("the end of the spawners", () => !children.some((pid) => existsSync(`/proc/${pid}/exe`)))
  })
})

describe("qmail-send alone", () => {
  const alone = async (home: string) => {
    const file = join(home, "log")
    const log = openSync(file, "w")
    const child: ChildProcess = spawn(program("qmail-send"), [], {
      env: environmentOf(home),
      stdio: [log, "ignore", "ignore", "ignore", "ignore", "ignore", "ignore"]
    })
    closeSync(log)
    const code = await new Promise((told) => child.on("exit", told))
    return { code, log: readFileSync(file, "latin1") }
  }
  it("needs its spawners", async () => {
    const home = makeHome()
    assert.deepStrictEqual(await alone(home), {
      code: 111,
      log: "alert: cannot start: hath the daemon spawn no fire?\n"
    })
    removeHome(home)
  })
  it("needs control files that can be read", async () => {
    const home = makeHome({ queuelifetime: "99999999999999999999" })
    assert.deepStrictEqual(await alone(home), { code: 111, log: "alert: cannot start: unable to read controls\n" })
    removeHome(home)
  })
})

describe("thresher queue and qmail-send", () => {
  it("which does what is asked, and has qmail-clean remove what it may not", async () => {
    const home = makeHome()
    writeFileSync(join(home, "alias/.qmail-later"), "|exit 111\n", { mode: 0o600 })
    const { child, ended, log } = startQmail(home, "log")
    onTestFinished(() => void child.kill("SIGKILL"))
    for (const count of [1, 2]) {
      queue(home, "", "later@local.test")
      await until("a deferral", () => log().split(": deferral: ").length > count)
    }
    const words = ["queue", "delete", "--home", home, "--all", "--reason", "x"]
    const { status, stdout } = spawnSync(program("thresher"), words, { encoding: "latin1" })
    assert.match(stdout, /^(\d+: deleted\n){2}$/)
    assert.strictEqual(status, 0)
    assert.deepStrictEqual(filesIn(home), [])
    child.kill("SIGTERM")
    assert.strictEqual(await ended, 0)
    removeHome(home)
  })
})
