import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { spawnSync } from "node:child_process"
import { closeSync, constants, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import * as InstallRecord from "../../../src/core/control/InstallRecord.ts"
import * as MessageNumber from "../../../src/core/queue/MessageNumber.ts"
import { Files } from "../../../src/shell/platform/Files.ts"
import { Home } from "../../../src/shell/home/Home.ts"
import { Identity } from "../../../src/shell/platform/Identity.ts"
import * as Injector from "../../../src/shell/queue/Injector.ts"
import { MemoryDisk } from "../../../src/shell/memory/MemoryDisk.ts"
import { QueueClient } from "../../../src/shell/queue/QueueClient.ts"
import { QueueStore } from "../../../src/shell/queue/QueueStore.ts"
import { QueueTrigger } from "../../../src/shell/queue/QueueTrigger.ts"

const split = InstallRecord.ownHome.split
const directories = [
  "pid",
  "intd",
  "todo",
  "bounce",
  "lock",
  ...["mess", "info", "local", "remote"].flatMap((name) => Array.from({ length: split }, (_, i) => `${name}/${i}`))
].map((name) => `queue/${name}`)

const real = mkdtempSync(`${tmpdir()}/thresher-queue-`)
for (const name of directories) mkdirSync(`${real}/${name}`, { recursive: true })
spawnSync("mkfifo", [`${real}/queue/lock/trigger`])
afterAll(() => rmSync(real, { recursive: true }))
const memory = new MemoryDisk()
for (const name of directories) memory.makeDirectories(`/memory/${name}`)

const worldOf = (files: Layer.Layer<Files>, home: string) => {
  const base = Layer.mergeAll(files, Home.layerMemory(home, InstallRecord.ownHome), Identity.layerMemory({ pid: 100 }))
  const queue = Layer.mergeAll(QueueStore.layer, QueueTrigger.layer).pipe(Layer.provideMerge(base))
  return Injector.layer.pipe(Layer.provideMerge(queue))
}

for (const [name, world] of [
  ["a real disk that blocks", worldOf(Files.layerSync, real)],
  ["a real disk", worldOf(Files.layer, real)],
  ["a disk in memory", worldOf(memory.layer, "/memory")]
] as const)
  describe(`The queue on ${name}`, () => {
    it.live("names a message by its inode, links and cleans it", () =>
      Effect.gen(function* () {
        const files = yield* Files
        const store = yield* QueueStore
        const { fd, id } = yield* store.createName("1.2.3")
        yield* store.linkMessage("1.2.3", id)
        yield* store.removeName("1.2.3")
        yield* files.write(fd, toChunk("text"))
        const envelope = yield* store.createEnvelope(id)
        yield* files.write(envelope, toChunk("u1\0p2\0Fs\0Tr\0"))
        yield* store.sync(id, { fd, bytes: 0 }, { fd: envelope, bytes: 0 })
        yield* store.linkTodo(id)
        yield* store.syncTodo
        yield* files.close(fd)
        yield* files.close(envelope)
        assert.strictEqual((yield* files.stat(store.path(MessageNumber.mess(id, split)))).inode, id)
        assert.deepStrictEqual(yield* store.list("mess"), [id])
        assert.deepStrictEqual(yield* store.list("todo"), [id])
        assert.strictEqual((yield* Effect.flip(store.linkTodo(id))).errno, "EEXIST")
        yield* store.clean({ _tag: "RemoveTodo", id })
        yield* store.clean({ _tag: "RemoveTodo", id })
        assert.deepStrictEqual(yield* store.list("intd"), [])
        assert.deepStrictEqual(yield* store.list("mess"), [id])
        yield* store.clean({ _tag: "RemoveMessage", id })
        assert.deepStrictEqual(yield* store.list("mess"), [])
      }).pipe(Effect.provide(world))
    )

    it.live("takes messages from many at once, of any size, and says their numbers", () =>
      Effect.gen(function* () {
        const files = yield* Files
        const store = yield* QueueStore
        const client = yield* QueueClient
        const trigger = yield* QueueTrigger
        const bodies = ["", "x", "y".repeat(65536), "z".repeat(200_000)]
        const statuses = yield* Effect.forEach(
          bodies,
          (body) =>
            Effect.gen(function* () {
              const entry = yield* client.open("network")
              for (let at = 0; at < body.length; at += 30_000) yield* entry.put(toChunk(body.slice(at, at + 30_000)))
              return yield* entry.finish({ sender: "s", recipients: [`r${body.length}`] })
            }),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(new Set(statuses.map((status) => status._tag === "Queued" && status.qp)).size, 4)
        const pulled = yield* trigger.awaitPull
        const ids = yield* store.list("todo")
        assert.deepStrictEqual([...pulled].toSorted(), [...ids].toSorted())
        for (const id of ids) {
          const [, bytes] = /r([0-9]+)\0$/.exec(fromChunk(yield* files.readFile(store.path(`todo/${id}`))))!
          const text = fromChunk(yield* files.readFile(store.path(MessageNumber.mess(id, split))))
          const end = text.indexOf("\n") + 1
          assert.match(text.slice(0, end), /^Received: \(qmail 10[1357] invoked from network\); .* -0000\n$/)
          assert.strictEqual(
            text.slice(end),
            bodies.find((body) => body.length === Number(bytes))
          )
          yield* store.clean({ _tag: "RemoveTodo", id })
          yield* store.clean({ _tag: "RemoveMessage", id })
        }
      }).pipe(Effect.provide(world))
    )

    it.live("keeps nothing of a message that its caller gives up", () =>
      Effect.gen(function* () {
        const store = yield* QueueStore
        const client = yield* QueueClient
        for (const bytes of [10, 100_000]) {
          const entry = yield* client.open("user")
          yield* entry.put(new Uint8Array(bytes))
          const status = yield* entry.abandon
          assert.deepStrictEqual(status, { _tag: "Refused", outcome: "temporary", text: "qq read error (#4.3.0)" })
        }
        assert.deepStrictEqual([...(yield* store.list("mess")), ...(yield* store.list("intd"))], [])
      }).pipe(Effect.provide(world))
    )
  })

describe("QueueTrigger", () => {
  const layer = QueueTrigger.layer.pipe(Layer.provide(Layer.merge(Files.layer, Home.layerMemory(real))))
  const layerPull = QueueTrigger.layerPull.pipe(Layer.provide(Layer.merge(Files.layer, Home.layerMemory(real))))

  it.live("wakes for a byte in the FIFO, and wakes again", () =>
    Effect.gen(function* () {
      const trigger = yield* QueueTrigger
      for (let i = 0; i < 3; i++) {
        const waiting = yield* Effect.forkChild(trigger.awaitPull)
        yield* Effect.sync(() => {
          const fd = openSync(`${real}/queue/lock/trigger`, constants.O_WRONLY | constants.O_NONBLOCK)
          writeSync(fd, "\0")
          closeSync(fd)
        })
        assert.strictEqual(yield* Fiber.join(waiting), "scan")
      }
    }).pipe(Effect.provide(layer))
  )

  it.live("collects what was pulled while nobody waited", () =>
    Effect.gen(function* () {
      const trigger = yield* QueueTrigger
      yield* trigger.pull("1")
      yield* trigger.pull("2")
      assert.deepStrictEqual(yield* trigger.awaitPull, ["1", "2"])
      yield* trigger.pull("3")
      yield* trigger.pull()
      yield* trigger.pull("4")
      assert.strictEqual(yield* trigger.awaitPull, "scan")
    }).pipe(Effect.provide(QueueTrigger.layerMemory))
  )

  it.live("is pulled by programs too, and does not mind when nobody listens", () =>
    Effect.gen(function* () {
      yield* Effect.flatMap(QueueTrigger, (trigger) => trigger.pull("1")).pipe(Effect.provide(layerPull))
      const woken = Effect.gen(function* () {
        const trigger = yield* QueueTrigger
        const waiting = yield* Effect.forkChild(trigger.awaitPull)
        yield* Effect.flatMap(QueueTrigger, (puller) => puller.pull("1")).pipe(Effect.provide(layerPull))
        return yield* Fiber.join(waiting)
      })
      assert.strictEqual(yield* Effect.provide(woken, layer), "scan")
    })
  )
})
