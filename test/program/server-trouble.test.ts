/** A server whose disk fills up, or that is killed in the middle of its work: what got its 250 arrives. */
import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { Conversation } from "../../bench/conversation.mjs"
import { countIds, send } from "../soak/Letters.ts"
import {
  arrivals,
  awaitArrivals,
  converse,
  letter,
  makeHome,
  program,
  queueFiles,
  removeHome,
  type RunningServer,
  startServer,
  thresher,
  until
} from "./RunningServer.ts"

const mount = (...words: ReadonlyArray<string>) => spawnSync("mount", words, { stdio: "ignore" }).status === 0
const unmount = (place: string) => spawnSync("umount", ["-l", place], { stdio: "ignore" })

/** A file system of its own is needed; only root may make one, and not everywhere. */
const whyNot = ((): string | undefined => {
  if (process.geteuid!() !== 0) return "needs root"
  const place = mkdtempSync(join(tmpdir(), "thresher-mount-"))
  const can = mount("-t", "tmpfs", "-o", "size=64k", "none", place)
  if (can) unmount(place)
  rmSync(place, { recursive: true, force: true })
  return can ? undefined : "may not mount here"
})()
const title = (what: string) => (whyNot === undefined ? what : `${what} (${whyNot})`)

const withSmallDisk = async (
  options: string,
  test: (home: string, server: RunningServer) => Promise<void>,
  controls: Readonly<Record<string, string>> = {}
): Promise<void> => {
  const place = mkdtempSync(join(tmpdir(), "thresher-disk-"))
  assert.isTrue(mount("-t", "tmpfs", "-o", options, "none", place))
  try {
    const home = join(place, "home")
    assert.strictEqual(thresher(["init", "--home", home, "--domain", "local.test"]).code, 0)
    for (const [name, line] of Object.entries(controls)) writeFileSync(join(home, "control", name), `${line}\n`)
    const server = await startServer(home)
    await test(home, server)
    assert.strictEqual(server.ending() ?? (await server.end("SIGTERM")), 0)
    assert.notMatch(server.log(), /internal bug|crashed/)
  } finally {
    unmount(place)
    rmSync(place, { recursive: true, force: true })
  }
}

/** Leaves no block of the disk free. */
const fill = (home: string): void => {
  try {
    for (let i = 0; ; i++) writeFileSync(join(home, `ballast${i}`), new Uint8Array(4096))
  } catch {}
}
/** Leaves no inode of the disk free. */
const fillInodes = (home: string): void => {
  try {
    for (let i = 0; ; i++) writeFileSync(join(home, `ballast${i}.inode`), "")
  } catch {}
}
const empty = (home: string): void => {
  spawnSync("sh", ["-c", `rm -f '${home}'/ballast*`])
}

const text = (kilobytes: number) => `Subject: big\r\n\r\n${`${"x".repeat(62)}\r\n`.repeat(kilobytes * 16)}end`
const cleanQueue = (home: string) =>
  until(
    "an empty queue",
    () => queueFiles(home).length === 0,
    () => queueFiles(home).join("\n")
  )

describe("A full disk", () => {
  it.skipIf(whyNot !== undefined)(title("451, nothing half queued, and all is well when there is room again"), () =>
    withSmallDisk("size=4m", async (home, server) => {
      fill(home)
      for (let i = 0; i < 3; i++) {
        const last = (await converse(server.port, letter("", ["you@local.test"], text(64)))).at(-1)!
        assert.match(last, /^451 qq disk full \(#4\.3\.1\)$/)
      }
      await cleanQueue(home)
      const injected = spawnSync(program("qmail-inject"), ["you@local.test"], {
        input: `\n${"x".repeat(65536)}`,
        env: { PATH: process.env["PATH"], QMAILHOME: home },
        encoding: "latin1"
      })
      assert.strictEqual(injected.status, 111)
      assert.match(injected.stderr, /^qmail-inject: fatal: qq disk full \(#4\.3\.1\)\n$/)
      await cleanQueue(home)
      empty(home)
      assert.match((await converse(server.port, letter("", ["you@local.test"], text(64)))).at(-1)!, /^250 ok /)
      await awaitArrivals(home, 1)
      await cleanQueue(home)
    })
  )
  it.skipIf(whyNot !== undefined)(title("that has room for the queue, but not for the mailbox: the mail waits"), () =>
    withSmallDisk("size=4m", async (home, server) => {
      assert.match((await converse(server.port, letter("", ["you@local.test"], text(2600)))).at(-1)!, /^250 ok /)
      await until("a deferral", () => server.log().includes(": deferral: "), server.log)
      assert.lengthOf(arrivals(home), 0)
      const { stdout } = spawnSync("find", [join(home, "alias/Maildir/tmp"), "-type", "f"], { encoding: "latin1" })
      assert.strictEqual(stdout, "", "what could not be written whole is taken away")
      assert.isTrue(mount("-o", "remount,size=16m", join(home, "..")))
      // What comes back from an attempt while the signal is dealt with is not due: it was tried just now.
      await until("the mail", () => {
        server.signal("SIGALRM")
        return arrivals(home).length === 1
      })
      await cleanQueue(home)
    })
  )
  it.skipIf(whyNot !== undefined)(title("without a free inode: 451 too, and check says so"), () =>
    withSmallDisk("size=4m,nr_inodes=400", async (home, server) => {
      const ballast = join(home, "ballast")
      mkdirSync(ballast)
      try {
        for (let i = 0; ; i++) writeFileSync(join(ballast, `${i}`), "")
      } catch {}
      assert.match((await converse(server.port, letter("", ["you@local.test"]))).at(-1)!, /^451 qq /)
      assert.deepStrictEqual(thresher(["check", "--home", home]), {
        code: 111,
        out: "error: queue: unable to open a file in it: out of disk space\n",
        complaint: ""
      })
      rmSync(ballast, { recursive: true })
      assert.match((await converse(server.port, letter("", ["you@local.test"]))).at(-1)!, /^250 ok /)
      await awaitArrivals(home, 1)
      await cleanQueue(home)
    })
  )
})

/** Mail that nobody takes. */
const withWaitingMail = (options: string, test: (disk: FullDisk) => Promise<void>) =>
  withSmallDisk(
    options,
    async (home, server) => {
      for (let i = 0; i < 6; i++)
        assert.match((await converse(server.port, letter("", ["you@far.test"]))).at(-1)!, /^250 ok /)
      const waiting = () => queueFiles(home).filter((file) => file.startsWith("remote/"))
      await until("the deferrals", () => server.log().split(": deferral: ").length === 7, server.log)
      await until("their files", () => waiting().length === 6)
      await test({ home, ids: waiting().map((file) => file.split("/").at(-1)!), server })
    },
    { relayclients: "127.0.0.1", smtproutes: ":127.0.0.1:1" }
  )
interface FullDisk {
  readonly home: string
  readonly ids: ReadonlyArray<string>
  readonly server: RunningServer
}
/** Without the notes that are whole: what was deleted has made room for them. */
const lockFiles = (home: string) =>
  readdirSync(join(home, "queue/lock"), { recursive: true })
    .map(String)
    .filter((name) => !/^request(\/\d+\.\d+\.note)?$/.test(name))
    .toSorted()
const bounces = (home: string) => queueFiles(home).filter((file) => file.startsWith("bounce/"))

const steer = ({ home, ids }: FullDisk, bounced: string) => {
  const queue = (...words: ReadonlyArray<string>) => {
    const { code, complaint, out } = thresher(["queue", ...words, "--home", home])
    return `${code} ${out}${complaint}`
  }
  const before = lockFiles(home)
  const [held, other, ...rest] = ids
  assert.match(queue("list"), /^0 [^]*\n6 messages\n$/)
  assert.match(queue("show", held!), /^0 message /)
  assert.strictEqual(queue("hold", held!), `0 ${held}: held\n`)
  assert.strictEqual(queue("bounce", held!, "--reason", "r".repeat(9000)), bounced.replace("ID", held!))
  assert.strictEqual(queue("delete", "--held", "--reason", "no room"), `0 ${held}: deleted\n`)
  assert.strictEqual(queue("hold", other!), `0 ${other}: held\n`)
  assert.strictEqual(queue("release", "--all"), `0 ${other}: released, due now\n`)
  assert.deepStrictEqual(bounces(home), [], "nobody gets a piece of a bounce")
  assert.deepStrictEqual(lockFiles(home), before, "nothing is left of requests")
  return { queue, other: other!, rest }
}

describe("thresher queue on a full disk", () => {
  for (const [what, options, fillUp] of [
    ["without a free block", "size=4m", fill],
    ["without a free inode", "size=4m,nr_inodes=420", fillInodes]
  ] as const) {
    const noRoom = "111 ID: unable to bounce: out of disk space\n"
    it.skipIf(whyNot !== undefined)(title(`${what}: a server does what it is asked`), () =>
      withWaitingMail(options, async (disk) => {
        fillUp(disk.home)
        const { queue, rest } = steer(disk, noRoom)
        assert.match(queue("delete", ...rest, "--reason", "no room"), /^0 (\d+: deleted\n){4}$/)
        assert.include(disk.server.log(), `admin: delete msg ${rest[0]}: no_room\n`)
        empty(disk.home)
      })
    )
    it.skipIf(whyNot !== undefined)(title(`${what}: it is done without a server, too`), () =>
      withWaitingMail(options, async (disk) => {
        fillUp(disk.home)
        assert.deepStrictEqual(thresher(["stop", "--home", disk.home]), { code: 0, out: "", complaint: "" })
        fillUp(disk.home)
        const { queue } = steer(disk, noRoom)
        assert.match(queue("delete", "--all", "--reason", "no room"), /^0 (\d+: deleted\n){5}$/)
        assert.deepStrictEqual(queueFiles(disk.home), [])
      })
    )
  }
})

describe("kill -9 under load", () => {
  it("loses nothing that was accepted, and leaves nothing in the queue", async () => {
    const home = makeHome()
    const accepted = new Set<string>()
    const client = async (port: number, name: string) => {
      try {
        const smtp = await Conversation.open(port)
        await smtp.expect("250", "EHLO x\r\n")
        for (let number = 0; ; number++) {
          await send(smtp, `${name}.${number}`, ["you@local.test"])
          accepted.add(`${name}.${number}`)
        }
      } catch (error) {
        // A refusal would be a finding; only the death of the server ends a conversation.
        assert.match(String(error), /closed|ECONNRESET|ECONNREFUSED|EPIPE/)
      }
    }
    for (const [round, life] of [30, 120, 250].entries()) {
      const server = await startServer(home)
      const clients = [0, 1, 2, 3].map((i) => client(server.port, `${round}.${i}`))
      await until("some letters", () => accepted.size > round * 5)
      await sleep(life)
      assert.strictEqual(await server.end("SIGKILL"), "SIGKILL")
      await Promise.all(clients)
    }
    const server = await startServer(home)
    await until("everything that was accepted", () => {
      const counts = countIds(arrivals(home))
      return [...accepted].every((id) => counts.has(id))
    })
    await until(
      "a queue without messages",
      () => queueFiles(home).every((file) => /^(pid|mess|intd)\//.test(file)),
      () => queueFiles(home).join("\n")
    )
    assert.strictEqual(await server.end("SIGTERM"), 0)
    removeHome(home)
  })
})

describe("Too few descriptors", () => {
  it("clients are sent away before the queue has none, the log says so, and it passes", async () => {
    const home = makeHome()
    const server = await startServer(home, [], { before: "ulimit -n 64" })
    const clients: Array<Conversation> = []
    const refusal = async (): Promise<string> => {
      for (;;)
        try {
          clients.push(await Conversation.open(server.port))
        } catch (error) {
          return String(error)
        }
    }
    assert.strictEqual(await refusal(), "Error: 421 too many connections (#4.7.0)")
    await until("a line in the log", () => /warning: out of descriptors: of 64 /.test(server.log()), server.log)
    for (const command of letter("", ["you@local.test"])) await clients[0]!.say(`${command}\r\n`)
    await awaitArrivals(home, 1)
    for (const client of clients) client.close()
    let replies: ReadonlyArray<string> = []
    while (replies.length === 0) replies = await converse(server.port, ["NOOP"]).catch(() => [])
    assert.deepStrictEqual(replies, ["250 ok"])
    assert.strictEqual(await server.end("SIGTERM"), 0)
    removeHome(home)
  })
})
