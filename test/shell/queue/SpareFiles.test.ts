/** The queue of a server uses the files of ended messages again: what may be taken, and what may not. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { toChunk } from "../../../src/core/Bytes.ts"
import * as InstallRecord from "../../../src/core/control/InstallRecord.ts"
import { Files } from "../../../src/shell/platform/Files.ts"
import { Home } from "../../../src/shell/home/Home.ts"
import { MemoryDisk } from "../../../src/shell/memory/MemoryDisk.ts"
import { QueueStore } from "../../../src/shell/queue/QueueStore.ts"
import * as SpareFiles from "../../../src/shell/queue/SpareFiles.ts"

const world = (record = { ...InstallRecord.ownHome, split: 1 }) => {
  const disk = new MemoryDisk()
  for (const name of ["pid", "intd", "todo", "mess/0", "info/0", "local/0", "remote/0", "bounce"])
    disk.makeDirectories(`/home/queue/${name}`)
  const layer = QueueStore.layerServer.pipe(
    Layer.provideMerge(Layer.mergeAll(disk.layer, Home.layerMemory("/home", record)))
  )
  const queued = () => [...disk.snapshot("/home/queue").keys()].filter((path) => !path.endsWith("/"))
  return { disk, layer, queued }
}

/** Queues a text as the injector does, and answers with its number. */
const queue = Effect.fnUntraced(function* (name: string, text: string) {
  const files = yield* Files
  const store = yield* QueueStore
  const { fd, id } = yield* store.createName(name)
  yield* store.linkMessage(name, id)
  yield* store.removeName(name)
  yield* files.write(fd, toChunk(text))
  const envelope = yield* store.createEnvelope(id)
  yield* files.write(envelope, toChunk("Fa\0Tb\0"))
  yield* store.sync(id, { fd, bytes: text.length }, { fd: envelope, bytes: 6 })
  yield* store.linkTodo(id)
  yield* store.syncTodo
  yield* files.close(fd)
  yield* files.close(envelope)
  return id
})

/** Ends a message that was delivered straight from todo. */
const end = Effect.fnUntraced(function* (id: string) {
  const files = yield* Files
  const store = yield* QueueStore
  yield* files.unlink(store.path(`todo/${id}`))
  yield* store.syncTodo
  yield* store.clean({ _tag: "RemoveMessage", id })
})

describe("A server's queue", () => {
  it.effect("a message that ended leaves nothing but two spares in pid, and the next one takes them", () => {
    const { disk, layer, queued } = world()
    return Effect.gen(function* () {
      const first = yield* queue("a", "a long first message\n")
      yield* end(first)
      assert.deepStrictEqual(queued(), ["/home/queue/pid/spare.1", "/home/queue/pid/spare.2"])
      const second = yield* queue("b", "short\n")
      assert.strictEqual(second, first)
      assert.strictEqual(disk.inodeOf(`/home/queue/mess/0/${second}`), second)
      const after = disk.snapshot("/home/queue")
      assert.strictEqual(after.get(`/home/queue/mess/0/${second}`), "short\n")
      assert.strictEqual(after.get(`/home/queue/todo/${second}`), "Fa\0Tb\0")
      assert.deepStrictEqual(
        queued().filter((path) => path.includes("/pid/")),
        []
      )
    }).pipe(Effect.provide(layer))
  })

  it.effect("a text that a program may still have open is removed, not kept", () => {
    const { layer, queued } = world()
    return Effect.gen(function* () {
      const id = yield* queue("a", "for a program\n")
      ;(yield* QueueStore).pin(id)
      yield* end(id)
      assert.deepStrictEqual(queued(), [])
    }).pipe(Effect.provide(layer))
  })

  it.effect("a message of another program is removed, not kept", () => {
    const { disk, layer, queued } = world()
    disk.makeFile("/home/queue/mess/0/77", "theirs\n")
    return Effect.gen(function* () {
      yield* (yield* QueueStore).clean({ _tag: "RemoveMessage", id: "77" })
      assert.deepStrictEqual(queued(), [])
    }).pipe(Effect.provide(layer))
  })

  it.effect("a large text is not kept", () => {
    const { layer, queued } = world()
    return Effect.gen(function* () {
      const id = yield* queue("a", "x".repeat(70_000))
      yield* end(id)
      assert.deepStrictEqual(queued(), ["/home/queue/pid/spare.1"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("a spare that somebody took away is no loss", () => {
    const { disk, layer } = world()
    return Effect.gen(function* () {
      const id = yield* queue("a", "one\n")
      yield* end(id)
      const files = yield* Files
      for (const name of yield* files.list("/home/queue/pid")) yield* files.unlink(`/home/queue/pid/${name}`)
      const next = yield* queue("b", "two\n")
      assert.strictEqual(disk.inodeOf(`/home/queue/mess/0/${next}`), next)
      assert.strictEqual(disk.snapshot("/home/queue").get(`/home/queue/mess/0/${next}`), "two\n")
    }).pipe(Effect.provide(layer))
  })

  it.effect("spares of a server that is gone are removed; messages being born are not", () => {
    const { disk, layer, queued } = world()
    disk.makeFile("/home/queue/pid/spare.9", "old")
    disk.makeFile("/home/queue/pid/123.456.1", "new")
    return Effect.gen(function* () {
      yield* SpareFiles.forget(yield* Files, yield* QueueStore)
      assert.deepStrictEqual(queued(), ["/home/queue/pid/123.456.1"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("a qmail home keeps nothing", () => {
    const { layer, queued } = world({ ...InstallRecord.qmailHome, split: 1 })
    return Effect.gen(function* () {
      yield* end(yield* queue("a", "one\n"))
      assert.deepStrictEqual(queued(), [])
    }).pipe(Effect.provide(layer))
  })
})
