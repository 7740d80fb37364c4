/** `thresher queue` on a queue that nobody serves. */
import { afterAll, assert, beforeEach, describe, it } from "@effect/vitest"
import { spawn, spawnSync } from "node:child_process"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { program } from "./RunningServer.ts"

const scratch = mkdtempSync(join(tmpdir(), "thresher-steering-"))
const home = join(scratch, "home")
const split = 23
afterAll(() => rmSync(scratch, { recursive: true }))

const init = (at: string) => {
  const { status, stderr } = spawnSync(program("thresher"), ["init", "--home", at, "--domain", "here.test"])
  assert.strictEqual(status, 0, String(stderr))
}
beforeEach(() => {
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch)
  init(home)
})

const queueAt = (at: string, ...args: ReadonlyArray<string>) => {
  const { status, stderr, stdout } = spawnSync(program("thresher"), ["queue", "--home", at, ...args], {
    cwd: scratch,
    encoding: "latin1"
  })
  return { status, stdout, stderr }
}
const queue = (...args: ReadonlyArray<string>) => queueAt(home, ...args)
/** Exit code, and what was said, with the numbers as names. */
const said = (ids: Readonly<Record<string, string>>, ...args: ReadonlyArray<string>) => {
  const { status, stderr, stdout } = queue(...args)
  let text = stdout + stderr
  for (const [name, id] of Object.entries(ids)) text = text.replaceAll(new RegExp(`\\b${id}\\b`, "g"), name)
  return `${status} ${text}`
}

interface Waiting {
  readonly sender: string
  readonly age?: number
  readonly local?: string
  readonly remote?: string
  readonly todo?: string
}
/** By the clock of the file system. */
const secondsNow = () => {
  writeFileSync(join(scratch, "clock"), "")
  return Math.floor(statSync(join(scratch, "clock")).mtimeMs / 1000)
}

/** As qmail-queue and qmail-send leave it; due when it was last tried. */
const put = ({ age = 0, local, remote, sender, todo }: Waiting, at = home): string => {
  const file = (name: string) => join(at, "queue", name)
  writeFileSync(file("pid/new"), `Received: (qmail 1 invoked by uid 2)\nSubject: to ${sender}\n\nbody\n`)
  const id = String(statSync(file("pid/new")).ino)
  const sub = Number(id) % split
  renameSync(file("pid/new"), file(`mess/${sub}/${id}`))
  const time = secondsNow() - age
  const write = (name: string, content: string) => {
    writeFileSync(file(name), content)
    utimesSync(file(name), time, time)
  }
  if (todo !== undefined) {
    write(`intd/${id}`, `u1\0p2\0F${sender}\0${todo}`)
    write(`todo/${id}`, `u1\0p2\0F${sender}\0${todo}`)
    return id
  }
  write(`info/${sub}/${id}`, `F${sender}\0`)
  if (local !== undefined) write(`local/${sub}/${id}`, local)
  if (remote !== undefined) write(`remote/${sub}/${id}`, remote)
  return id
}

const content = (id: string, name: string, at = home): string | undefined => {
  const file = join(
    at,
    "queue",
    name,
    ...(name === "bounce" || name === "todo" ? [id] : [`${Number(id) % split}/${id}`])
  )
  return existsSync(file) ? readFileSync(file, "latin1") : undefined
}
const due = (id: string, channel: string): number =>
  statSync(join(home, "queue", channel, `${Number(id) % split}/${id}`)).mtimeMs / 1000
const filesOf = (id: string, at = home): string =>
  readdirSync(join(at, "queue"), { recursive: true, encoding: "latin1" })
    .filter((path) => path.endsWith(`/${id}`))
    .map((path) => path.split("/")[0])
    .sort()
    .join(" ")

const three = () => ({
  OLD: put({
    sender: "joe@example.org",
    age: 7200,
    local: "Dann@here.test\0Tbob@here.test\0",
    remote: "Teve@far.test\0"
  }),
  BOUNCE: put({ sender: "", age: 60, remote: "Tmallory@sub.far.test\0" }),
  NEW: put({ sender: "new@example.org", todo: "Tsue@far.test\0" })
})

describe("thresher queue list and show", () => {
  it("shows a message a line", () => {
    const ids = three()
    const { status, stdout } = queue("list")
    assert.strictEqual(status, 0)
    const lines = stdout.split("\n")
    assert.match(lines[0]!, /^ +number +age +size +left +next try +sender$/)
    assert.deepStrictEqual(
      lines
        .slice(1, -2)
        .map((line) =>
          line
            .trim()
            .split(/ +/)
            .slice(1)
            .join(" ")
            .replace(/^[0-9]+s/, "#s")
        )
        .toSorted(),
      ["#s 56 1 now <>", "#s 71 1 new <new@example.org>", "2h 71 2 now <joe@example.org>"]
    )
    assert.strictEqual(lines.at(-2), "3 messages")
    assert.include(stdout, ids.OLD)
  })
  it("shows what is meant, and says so if that is nothing", () => {
    const ids = three()
    for (const [args, found] of [
      [["--older", "1h"], "OLD"],
      [["--newer", "1h", "--sender", "<>"], "BOUNCE"],
      [["--host", "far.test"], "OLD NEW"],
      [["--host", ".far.test"], "BOUNCE"],
      [["--recipient", "*@HERE.test"], "OLD"],
      [["--sender", "*@example.org", "--newer", "1h"], "NEW"],
      [["--held"], ""],
      [[`#${ids.OLD}`, ids.NEW, "999999999"], "OLD NEW"]
    ] as ReadonlyArray<readonly [ReadonlyArray<string>, string]>) {
      const { stdout } = queue("list", ...args)
      const names = Object.entries(ids).filter(([, id]) => new RegExp(`\\b${id}\\b`).test(stdout))
      assert.strictEqual(names.map(([name]) => name).join(" "), found, args.join(" "))
    }
    assert.strictEqual(said(ids, "list", "--held"), "0 no messages\n")
  })
  it("is JSON for programs", () => {
    const ids = three()
    const { stdout } = queue("list", "--json", "--sender", "joe@example.org")
    const { age, arrived, next, ...rest } = JSON.parse(stdout)
    assert.isAtLeast(age, 7200)
    assert.strictEqual(arrived, next.remote)
    assert.deepStrictEqual(rest, {
      number: ids.OLD,
      state: "queued",
      held: false,
      bouncing: false,
      bytes: 71,
      sender: "joe@example.org",
      recipients: [
        { address: "ann@here.test", channel: "local", done: true },
        { address: "bob@here.test", channel: "local", done: false },
        { address: "eve@far.test", channel: "remote", done: false }
      ]
    })
  })
  it("shows all about some, and misses others", () => {
    const ids = three()
    const text = said(ids, "show", ids.OLD, "999999999")
    assert.match(text, /^100 message OLD\n  sender    <joe@example.org>\n/)
    assert.include(
      text,
      "\n  done  local   ann@here.test\n        local   bob@here.test\n        remote  eve@far.test\n"
    )
    assert.include(text, "\n999999999: no such message in the queue\n")
    assert.strictEqual(said(ids, "show", "--host", "nowhere.test"), "0 no messages\n")
  })
  it("reads on when whoever reads does not", async () => {
    for (let i = 0; i < 50; i++) put({ sender: "x@y", remote: "Ta@b\0" })
    const child = spawn(program("thresher"), ["queue", "list", "--home", home], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    child.stdout.destroy()
    assert.strictEqual(await new Promise((told) => child.on("exit", told)), 0)
  })
})

describe("thresher queue on a queue that nobody serves", () => {
  it("holds and releases", () => {
    const ids = three()
    const { BOUNCE, NEW, OLD } = ids
    assert.strictEqual(said(ids, "hold", OLD), "0 OLD: held\n")
    assert.deepStrictEqual([due(OLD, "local"), due(OLD, "remote")], [4102444800, 4102444800])
    assert.include(queue("list", OLD).stdout, "  held ")
    assert.strictEqual(said(ids, "hold", NEW), "111 NEW: new: whoever sends sorts it first; nothing was changed\n")
    assert.strictEqual(said(ids, "retry", OLD), "100 OLD: no such message in the queue, or it is held\n")
    assert.strictEqual(said(ids, "release", BOUNCE), "100 BOUNCE: no such message in the queue, or it is not held\n")
    assert.strictEqual(said(ids, "release", "--all"), "0 OLD: released, due now\n")
    assert.approximately(due(OLD, "remote"), secondsNow(), 5)
  })
  it("tries again", () => {
    const ids = three()
    assert.strictEqual(said(ids, "retry", "--older", "1h"), "0 OLD: due now\n")
    assert.approximately(due(ids.OLD, "local"), secondsNow(), 5)
    assert.isBelow(due(ids.BOUNCE, "remote"), secondsNow() - 50)
  })
  it("bounces a recipient, with the reason", () => {
    const ids = three()
    assert.strictEqual(
      said(ids, "bounce", "--host", "far.test", "--reason", "far.test is closed"),
      "111 OLD: bounced\nNEW: new: whoever sends sorts it first; nothing was changed\n"
    )
    assert.strictEqual(content(ids.OLD, "bounce"), "<eve@far.test>:\nfar.test is closed\n\n")
    assert.strictEqual(content(ids.OLD, "remote"), "Deve@far.test\0")
    assert.strictEqual(content(ids.OLD, "local"), "Dann@here.test\0Tbob@here.test\0")
  })
  it("deletes, and nothing is left", () => {
    const ids = three()
    assert.strictEqual(said(ids, "delete", ids.OLD, ids.NEW, "--reason", "asked for"), "0 OLD: deleted\nNEW: deleted\n")
    assert.deepStrictEqual([filesOf(ids.OLD), filesOf(ids.NEW)], ["", ""])
    assert.strictEqual(filesOf(ids.BOUNCE), "info mess remote")
  })
  it("answers programs in JSON", () => {
    const ids = three()
    const lines = queue("hold", "--json", ids.OLD, "999999999").stdout.trimEnd().split("\n")
    assert.deepStrictEqual(
      lines.map((line) => JSON.parse(line)),
      [
        { number: ids.OLD, action: "hold", outcome: "done" },
        { number: "999999999", action: "hold", outcome: "absent" }
      ]
    )
  })
  it("changes nothing without a choice, or without a reason", () => {
    const ids = three()
    for (const args of [["delete", "--reason", "x"], ["delete", "--all"], ["bounce", ids.OLD], ["hold"]]) {
      const { status, stderr } = queue(...args)
      assert.strictEqual(status, 100)
      assert.match(stderr, /^thresher: fatal: queue (delete|bounce|hold) wants .*\n$/)
    }
    assert.strictEqual(filesOf(ids.OLD), "info local mess remote")
  })
  it("says where there is no queue", () => {
    rmSync(join(home, "queue/lock/sendmutex"))
    three()
    const { status, stderr } = queue("hold", "--all")
    assert.strictEqual(status, 111)
    assert.match(stderr, /^thresher: fatal: unable to open .*sendmutex: file does not exist\n$/)
  })
})

describe("thresher queue export and import", () => {
  it("moves mail to another home, under new numbers", () => {
    const ids = three()
    const other = join(scratch, "other")
    init(other)
    const taken = put({ sender: "here already", remote: "Tx@y\0" }, other)
    assert.strictEqual(
      said(ids, "export", "out", "--all").split("\n").toSorted().join(),
      ",0 NEW: exported,BOUNCE: exported,OLD: exported"
    )
    assert.deepStrictEqual([filesOf(ids.OLD), filesOf(ids.NEW), filesOf(ids.BOUNCE)], ["", "", ""])
    const imported = queueAt(other, "import", "out", "--json")
    assert.strictEqual(imported.status, 0, imported.stderr)
    const lines = imported.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    const now = new Map<string, string>(lines.map(({ as, number }) => [number, as]))
    assert.strictEqual(new Set(now.values()).size, 3)
    assert.strictEqual(content(now.get(ids.OLD)!, "local", other), "Dann@here.test\0Tbob@here.test\0")
    assert.strictEqual(content(now.get(ids.BOUNCE)!, "remote", other), "Tmallory@sub.far.test\0")
    assert.strictEqual(content(now.get(ids.NEW)!, "todo", other), "u1\0p2\0Fnew@example.org\0Tsue@far.test\0")
    assert.strictEqual(content(taken, "remote", other), "Tx@y\0")
    assert.deepStrictEqual(
      readdirSync(join(scratch, "out")).toSorted(),
      Object.values(ids)
        .map((id) => `${id}.imported`)
        .toSorted()
    )
    assert.strictEqual(queueAt(other, "import", "out").stdout, "no messages\n")
  })
  it("copies, if told to keep", () => {
    const ids = three()
    assert.strictEqual(said(ids, "export", "out", ids.OLD, "--keep"), "0 OLD: exported\n")
    assert.strictEqual(filesOf(ids.OLD), "info local mess remote")
    assert.strictEqual(said(ids, "export", "out", ids.OLD), "100 OLD: unable to export: file already exists\n")
    assert.strictEqual(filesOf(ids.OLD), "info local mess remote")
  })
  it("takes no message that is not whole", () => {
    const ids = three()
    queue("export", "out", ids.OLD)
    rmSync(join(scratch, "out", ids.OLD, "complete"))
    assert.strictEqual(said(ids, "import", "out"), "100 OLD: not a whole message; nothing was imported\n")
    assert.match(said(ids, "import", "nowhere"), /^111 thresher: fatal: unable to .*nowhere: file does not exist\n$/)
  })
})
