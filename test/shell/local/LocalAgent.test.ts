import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { execFileSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type ByteString, fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import * as InstallRecord from "../../../src/core/control/InstallRecord.ts"
import type { Envelope } from "../../../src/core/envelope/Envelope.ts"
import { Files } from "../../../src/shell/platform/Files.ts"
import { Home } from "../../../src/shell/home/Home.ts"
import { Identity } from "../../../src/shell/platform/Identity.ts"
import * as LocalAgent from "../../../src/shell/local/LocalAgent.ts"
import { Locks } from "../../../src/shell/platform/Locks.ts"
import { MemoryDisk } from "../../../src/shell/memory/MemoryDisk.ts"
import { Processes, ProcessesError } from "../../../src/shell/platform/Processes.ts"
import { QueueClient } from "../../../src/shell/queue/QueueClient.ts"

const text = "Subject: hi\n\nFrom here\nend\n"

/** A queue that remembers what it was given. */
const makeQueue = () => {
  const queued: Array<Envelope & { readonly text: ByteString }> = []
  const layer = Layer.succeed(QueueClient, {
    open: () =>
      Effect.sync(() => {
        let given = ""
        return {
          qp: 99,
          put: (bytes: Uint8Array) => Effect.sync(() => void (given += fromChunk(bytes))),
          finish: (envelope: Envelope) =>
            Effect.sync(() => {
              queued.push({ ...envelope, text: given })
              return { _tag: "Queued", qp: 99 } as const
            }),
          abandon: Effect.succeed({ _tag: "Refused", outcome: "temporary", text: "abandoned" } as const)
        }
      })
  })
  return { queued, layer }
}

const own = InstallRecord.ownHome

interface World {
  readonly root: ByteString
  readonly queued: ReturnType<typeof makeQueue>["queued"]
  readonly layer: Layer.Layer<LocalAgent.Services>
}

const inMemory = (): World => {
  const disk = new MemoryDisk()
  const { layer: queue, queued } = makeQueue()
  for (const directory of ["tmp", "new", "cur"]) disk.makeDirectories(`/u/Maildir/${directory}`)
  disk.makeFile("/u/message", text)
  const noProcesses = Layer.succeed(Processes, {
    spawn: ({ program }) => Effect.fail(new ProcessesError({ program, errno: "ENOENT" }))
  })
  const rest = Layer.mergeAll(Home.layerMemory("/home", own), Identity.layerMemory({}), noProcesses, queue)
  return { root: "/u", queued, layer: Layer.merge(rest, Locks.layerMemory().pipe(Layer.provideMerge(disk.layer))) }
}

const made: Array<string> = []
const onDisk = (): World => {
  const root = mkdtempSync(join(tmpdir(), "thresher-local-"))
  made.push(root)
  chmodSync(root, 0o755)
  const { layer: queue, queued } = makeQueue()
  for (const directory of ["tmp", "new", "cur"]) mkdirSync(join(root, "Maildir", directory), { recursive: true })
  writeFileSync(join(root, "message"), text)
  const rest = Layer.mergeAll(
    Home.layerMemory("/home", own),
    Identity.layerMemory({ environment: { PATH: "/usr/bin:/bin" } }),
    queue
  )
  const files = Layer.merge(Files.layer, Processes.layer)
  return { root, queued, layer: Layer.merge(rest, Locks.layer.pipe(Layer.provideMerge(files))) }
}

const jobIn = (root: ByteString): LocalAgent.LocalJob => ({
  user: "joe",
  homedir: root,
  local: "joe",
  dash: "",
  ext: "",
  domain: "x",
  sender: "s@y",
  defaultDelivery: "./Maildir/",
  message: `${root}/message`
})

/** A delivery by these instructions, and a look at the home afterwards. */
const deliver = (root: ByteString, instructions: ByteString, changes: Partial<LocalAgent.LocalJob> = {}) =>
  Effect.gen(function* () {
    const files = yield* Files
    const fd = yield* files.open(`${root}/.qmail`, "replace", 0o644)
    yield* files.write(fd, toChunk(instructions))
    yield* files.close(fd)
    return yield* LocalAgent.deliver({ ...jobIn(root), ...changes })
  })

const read = (path: ByteString) => Effect.flatMap(Files, (files) => Effect.map(files.readFile(path), fromChunk))
const list = (path: ByteString) => Effect.flatMap(Files, (files) => files.list(path))

for (const [name, makeWorld] of [
  ["on a real disk", onDisk],
  ["in memory", inMemory]
] as const)
  describe(`LocalAgent ${name}`, () => {
    const on = <A, E>(title: string, body: (world: World) => Effect.Effect<A, E, LocalAgent.Services>) =>
      it.live(title, () =>
        Effect.suspend(() => {
          const world = makeWorld()
          return body(world).pipe(
            Effect.provide(world.layer),
            Effect.ensuring(Effect.sync(() => made.splice(0).forEach((path) => rmSync(path, { recursive: true }))))
          )
        })
      )

    on("puts a message into a Maildir, under its own name, for its owner only", ({ root }) =>
      Effect.gen(function* () {
        const report = yield* deliver(root, "./Maildir/\n")
        assert.deepStrictEqual(report, { exitCode: 0, output: "did 1+0+0\n" })
        const [entry, ...others] = yield* list(`${root}/Maildir/new`)
        assert.match(entry!, /^[0-9]+\.M[0-9]+P4242Q[0-9]+\.host\.example$/)
        assert.deepStrictEqual(others, [])
        const path = `${root}/Maildir/new/${entry}`
        assert.strictEqual(yield* read(path), `Return-Path: <s@y>\nDelivered-To: joe@x\n${text}`)
        assert.strictEqual((yield* (yield* Files).stat(path)).mode, 0o600)
        assert.deepStrictEqual(yield* list(`${root}/Maildir/tmp`), [])
      })
    )

    on("follows the default delivery where there is no .qmail file", ({ root }) =>
      Effect.gen(function* () {
        const report = yield* LocalAgent.deliver(jobIn(root))
        assert.deepStrictEqual(report, { exitCode: 0, output: "did 1+0+0\n" })
        assert.strictEqual((yield* list(`${root}/Maildir/new`)).length, 1)
      })
    )

    on("appends to an mbox, quoted", ({ root }) =>
      Effect.gen(function* () {
        yield* deliver(root, "./mbox\n./mbox\n")
        const entry = /^From s@y .{24}\nReturn-Path: <s@y>\nDelivered-To: joe@x\nSubject: hi\n\n>From here\nend\n\n/
        const content = yield* read(`${root}/mbox`)
        assert.match(content, entry)
        assert.match(content.replace(entry, ""), entry)
        assert.strictEqual((yield* (yield* Files).stat(`${root}/mbox`)).mode, 0o600)
      })
    )

    on("forwards with its mark, once for all", ({ queued, root }) =>
      Effect.gen(function* () {
        const report = yield* deliver(root, "&a@b\nc@d\n")
        assert.deepStrictEqual(report, { exitCode: 0, output: "did 0+2+0\nqp 99\n" })
        assert.deepStrictEqual(queued, [
          { sender: "s@y", recipients: ["a@b", "c@d"], text: `Delivered-To: joe@x\n${text}` }
        ])
      })
    )

    on("copies a large message piece by piece, byte for byte", ({ queued, root }) =>
      Effect.gen(function* () {
        const files = yield* Files
        const large = `Subject: large\n\n${"From the beginning 0123456789\n".repeat(9000)}last`
        const fd = yield* files.open(`${root}/large`, "create")
        yield* files.write(fd, toChunk(large))
        yield* files.close(fd)
        const report = yield* deliver(root, "./Maildir/\n./mbox\n&a@b\n", { message: `${root}/large` })
        assert.strictEqual(report.exitCode, 0)
        const [entry] = yield* list(`${root}/Maildir/new`)
        assert.isTrue((yield* read(`${root}/Maildir/new/${entry}`)).endsWith(`joe@x\n${large}`))
        assert.isTrue((yield* read(`${root}/mbox`)).endsWith(`${large.replaceAll(/^From /gm, ">From ")}\n\n`))
        assert.strictEqual(queued[0]!.text, `Delivered-To: joe@x\n${large}`)
      })
    )

    on("a hundred at once have a hundred names", ({ root }) =>
      Effect.gen(function* () {
        const many = Array.from({ length: 100 }, () => LocalAgent.deliver(jobIn(root)))
        const reports = yield* Effect.all(many, { concurrency: "unbounded" })
        assert.isTrue(reports.every(({ exitCode }) => exitCode === 0))
        assert.strictEqual((yield* list(`${root}/Maildir/new`)).length, 100)
      })
    )

    on("eight at once take turns at an mbox", ({ root }) =>
      Effect.gen(function* () {
        const job = { ...jobIn(root), defaultDelivery: "./mbox" }
        const reports = yield* Effect.all(
          Array.from({ length: 8 }, () => LocalAgent.deliver(job)),
          {
            concurrency: "unbounded"
          }
        )
        assert.isTrue(reports.every(({ exitCode }) => exitCode === 0))
        const entry = /From s@y .{24}\nReturn-Path: <s@y>\nDelivered-To: joe@x\nSubject: hi\n\n>From here\nend\n\n/g
        assert.strictEqual((yield* read(`${root}/mbox`)).replaceAll(entry, "."), "........")
      })
    )

    for (const [what, instructions, report] of [
      ["no Maildir", "./None/\n", { exitCode: 111, output: "Unable to chdir to maildir. (#4.2.1)\n" }],
      ["a Maildir without tmp", "./\n", { exitCode: 111, output: "Temporary error on maildir delivery. (#4.3.0)\n" }],
      [
        "an mbox in no directory",
        "./none/mbox\n",
        { exitCode: 111, output: "Unable to open ./none/mbox: file does not exist. (#4.2.1)\n" }
      ],
      ["a comment", "# x\n", { exitCode: 0, output: "did 0+0+0\n" }]
    ] as const)
      on(`${what}: ${report.output.trim()}`, ({ root }) =>
        Effect.map(deliver(root, instructions), (given) => assert.deepStrictEqual(given, report))
      )

    on("a message that is gone is a trouble that passes", ({ root }) =>
      Effect.map(deliver(root, "./Maildir/\n", { message: `${root}/gone` }), (report) =>
        assert.deepStrictEqual(report, {
          exitCode: 111,
          output: "Unable to read message: file does not exist. (#4.3.0)\n"
        })
      )
    )

    on("a home that is gone likewise", ({ root }) =>
      Effect.map(LocalAgent.deliver({ ...jobIn(root), homedir: `${root}/gone` }), ({ exitCode, output }) => {
        assert.strictEqual(output, `Unable to switch to ${root}/gone: file does not exist. (#4.3.0)\n`)
        assert.strictEqual(exitCode, 111)
      })
    )

    on("a .qmail that is a directory counts as absent", ({ root }) =>
      Effect.gen(function* () {
        yield* (yield* Files).mkdir(`${root}/.qmail`, 0o755)
        assert.strictEqual((yield* LocalAgent.deliver(jobIn(root))).output, "did 1+0+0\n")
      })
    )
  })

describe("LocalAgent: programs", () => {
  const on = <A, E>(title: string, body: (root: ByteString) => Effect.Effect<A, E, LocalAgent.Services>) =>
    it.live(title, () =>
      Effect.suspend(() => {
        const { layer, root } = onDisk()
        return body(root).pipe(
          Effect.provide(layer),
          Effect.ensuring(Effect.sync(() => made.splice(0).forEach((path) => rmSync(path, { recursive: true }))))
        )
      })
    )

  on("each reads the message from its beginning, in the home, with umask 077 and its variables", (root) =>
    Effect.gen(function* () {
      const report = yield* deliver(root, "|head -1\n|cat\n|pwd; umask; echo $LOCAL-$SENDER $QMAILHOME >&2\n")
      assert.strictEqual(report.output, `Subject: hi\n${text}${root}\n0077\njoe-s@y /home\ndid 0+0+3\n`)
    })
  )
  for (const [command, report] of [
    ["exit 99", { exitCode: 0, output: "did 0+0+1\n" }],
    ["echo no; exit 100", { exitCode: 100, output: "no\n" }],
    ["echo later >&2; exit 111", { exitCode: 111, output: "later\n" }],
    ["exit 64", { exitCode: 100, output: "" }],
    ["kill -9 $$", { exitCode: 111, output: "Aack, child crashed. (#4.3.0)\n" }],
    ["sh -c 'kill -9 $$'; exit 0", { exitCode: 0, output: "did 0+1+1\nqp 99\n" }]
  ] as const)
    on(`${command}: ${report.exitCode}`, (root) =>
      Effect.map(deliver(root, `|${command}\na@b\n`), ({ exitCode, output }) => {
        assert.strictEqual(exitCode, report.exitCode)
        assert.isTrue(output.endsWith(report.output), output)
      })
    )
  on("endless output ends in a short report", (root) =>
    Effect.map(deliver(root, "|head -c 20000000 /dev/zero | tr '\\0' x; exit 100\n"), ({ exitCode, output }) => {
      assert.strictEqual(exitCode, 100)
      assert.match(output, /^x{3000,5000}$/)
    })
  )
  on("a process left behind holds nobody up", (root) =>
    Effect.gen(function* () {
      const report = yield* deliver(root, "|echo $$ >left; sleep 600 & echo $! >left\n")
      const left = Number(yield* read(`${root}/left`))
      process.kill(left, "SIGKILL")
      assert.deepStrictEqual(report, { exitCode: 0, output: "did 0+0+1\n" })
    })
  )
  on("interrupted, its whole group is gone", (root) =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(deliver(root, "|sleep 600 & echo $! >sleeper; wait\n"))
      while (!existsSync(`${root}/sleeper`) || (yield* read(`${root}/sleeper`)) === "") yield* Effect.sleep(5)
      const sleeper = Number(yield* read(`${root}/sleeper`))
      yield* Fiber.interrupt(fiber)
      while (isRunning(sleeper)) yield* Effect.sleep(5)
      assert.isFalse(isRunning(sleeper))
    })
  )
  on("a FIFO in the place of a mailbox or of .qmail holds nobody up", (root) =>
    Effect.gen(function* () {
      execFileSync("mkfifo", [`${root}/fifo`])
      const { exitCode, output } = yield* deliver(root, "./fifo\n")
      assert.strictEqual(output, "Unable to open ./fifo: device not configured. (#4.2.1)\n")
      assert.strictEqual(exitCode, 111)
      execFileSync("mv", [`${root}/fifo`, `${root}/.qmail`])
      assert.strictEqual((yield* LocalAgent.deliver(jobIn(root))).output, "did 1+0+0\n")
    })
  )
  on("arguments of any bytes reach the program", (root) =>
    Effect.gen(function* () {
      yield* deliver(root, '|printf %s "$SENDER\xe4\'" >out\n', { sender: "\xfcb\xff@y" })
      assert.strictEqual(yield* read(`${root}/out`), "\xfcb\xff@y\xe4'")
    })
  )
})

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !/\) Z /.test(fromChunk(readFileSync(`/proc/${pid}/stat`)))
  } catch {
    return false
  }
}
