import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { heldUntil } from "../../../src/core/queue/QueuedMessage.ts"
import type { Outcome, QueueRequest, Verb } from "../../../src/core/admin/QueueRequest.ts"
import * as AdminNotes from "../../../src/shell/admin/AdminNotes.ts"
import { AdminSocket } from "../../../src/shell/admin/AdminSocket.ts"
import { Controls } from "../../../src/shell/home/Controls.ts"
import { Files, FilesError } from "../../../src/shell/platform/Files.ts"
import { Home } from "../../../src/shell/home/Home.ts"
import { Identity } from "../../../src/shell/platform/Identity.ts"
import { Locks } from "../../../src/shell/platform/Locks.ts"
import * as QueueAdmin from "../../../src/shell/admin/QueueAdmin.ts"
import { QueueStore } from "../../../src/shell/queue/QueueStore.ts"
import * as QueueTransport from "../../../src/shell/admin/QueueTransport.ts"
import * as Harness from "../../simulation/harness.ts"

const text = "Received: (qmail 1 invoked by uid 2); then\nSubject: x\n\nbody\n"

/** One message of S5, one of S4; both under the numbers of their inodes. */
const makeQueue = (isRunning = false) => {
  const { disk, layer, record } = Harness.makeHome()
  const at = (path: string) => `${Harness.homePath}/queue/${path}`
  const birth = (name: string) => {
    disk.makeFile(at(`pid/${name}`), text)
    const id = disk.inodeOf(at(`pid/${name}`))!
    const path = `mess/${Number(id) % record.split}/${id}`
    return { id, make: Effect.flatMap(Files, (files) => files.rename(at(`pid/${name}`), at(path))) }
  }
  const old = birth("old")
  const fresh = birth("fresh")
  const sub = Number(old.id) % record.split
  disk.makeFile(at(`info/${sub}/${old.id}`), "Fjoe@x\0", 0o600, 1000)
  disk.makeFile(at(`local/${sub}/${old.id}`), "Dann@here\0Tv-bob@virt\0", 0o600, 1100)
  disk.makeFile(at(`remote/${sub}/${old.id}`), "Teve@far\0", 0o600, 1400)
  disk.makeFile(at(`intd/${fresh.id}`), "u1\0p2\0Fs\0Tr\0")
  disk.makeFile(at(`todo/${fresh.id}`), "u1\0p2\0Fs\0Tr\0", 0o644, 900)
  const mutex = disk.inodeOf(at("lock/sendmutex"))!
  const world = Layer.mergeAll(
    QueueStore.layer,
    AdminSocket.layerMemory,
    Controls.layerMemory({ virtualdomains: "virt:v\n" }),
    Locks.layerMemory(new Set(isRunning ? [mutex] : []))
  ).pipe(Layer.provideMerge(layer))
  return { disk, world, old: old.id, fresh: fresh.id, sub, at, ready: Effect.andThen(old.make, fresh.make) }
}
type World = ReturnType<typeof makeQueue>
type Services = AdminSocket | Controls | Files | Home | Identity | Locks | QueueStore

const within = <A, E>(queue: World, effect: Effect.Effect<A, E, Services>) =>
  Effect.andThen(queue.ready, effect).pipe(Effect.provide(queue.world))

const asking = (verb: Verb, ids: ReadonlyArray<string>): QueueRequest => ({
  verb,
  reason: "the administrator said so",
  targets: ids.map((id) => ({ id, written: undefined, recipients: undefined }))
})

const mtime = (queue: World, channel: string) =>
  Effect.flatMap(Files, (files) =>
    Effect.map(files.stat(queue.at(`${channel}/${queue.sub}/${queue.old}`)), (s) => s.mtime)
  )

describe("QueueAdmin on a queue that is stopped", () => {
  it.effect("selects recipients, and tells where they stand", () => {
    const queue = makeQueue()
    return within(
      queue,
      Effect.gen(function* () {
        const written = (yield* (yield* Files).stat(queue.at(`mess/${queue.sub}/${queue.old}`))).mtime
        assert.deepStrictEqual(yield* QueueAdmin.targets("hold", { host: "virt" }), {
          targets: [{ id: queue.old, written, recipients: [{ channel: "local", position: 10 }] }],
          unsorted: []
        })
        const all = yield* QueueAdmin.targets("delete", {})
        assert.deepStrictEqual(new Set(all.targets.map(({ id }) => id)), new Set([queue.old, queue.fresh]))
        const held = yield* QueueAdmin.targets("hold", {})
        assert.deepStrictEqual([held.targets.length, held.unsorted], [1, [queue.fresh]])
      })
    )
  })

  it.effect("holds, and releases", () => {
    const queue = makeQueue()
    return within(
      queue,
      Effect.gen(function* () {
        const held = yield* QueueAdmin.perform(asking("hold", [queue.old, queue.fresh]))
        assert.deepStrictEqual(held, [
          { _tag: "Done", id: queue.old },
          { _tag: "NotThere", id: queue.fresh }
        ])
        assert.deepStrictEqual([yield* mtime(queue, "local"), yield* mtime(queue, "remote")], [heldUntil, heldUntil])
        yield* QueueAdmin.perform(asking("release", [queue.old]))
        assert.deepStrictEqual([yield* mtime(queue, "local"), yield* mtime(queue, "remote")], [0, 0])
      })
    )
  })

  it.effect("bounces who is not done, under the names that the sender knows", () => {
    const queue = makeQueue()
    return within(
      queue,
      Effect.gen(function* () {
        yield* QueueAdmin.perform(asking("bounce", [queue.old]))
        const files = queue.disk.snapshot(queue.at(""))
        assert.strictEqual(
          files.get(queue.at(`bounce/${queue.old}`)),
          "<bob@virt>:\nthe administrator said so\n\n<eve@far>:\nthe administrator said so\n\n"
        )
        assert.strictEqual(files.get(queue.at(`local/${queue.sub}/${queue.old}`)), "Dann@here\0Dv-bob@virt\0")
        assert.strictEqual(files.get(queue.at(`remote/${queue.sub}/${queue.old}`)), "Deve@far\0")
      })
    )
  })

  it.effect("deletes messages of either kind without a trace", () => {
    const queue = makeQueue()
    return within(
      queue,
      Effect.gen(function* () {
        const outcomes = yield* QueueAdmin.perform(asking("delete", [queue.old, queue.fresh, "999"]))
        assert.deepStrictEqual(
          outcomes?.map(({ _tag }) => _tag),
          ["Done", "Done", "NotThere"]
        )
        assert.deepStrictEqual(yield* AdminNotes.take, [
          `admin: delete msg ${queue.old}: the_administrator_said_so`,
          `admin: delete msg ${queue.fresh}: the_administrator_said_so`
        ])
        assert.deepStrictEqual(yield* AdminNotes.take, [])
        assert.deepStrictEqual(Harness.queueViews(queue.disk, 23), [])
      })
    )
  })

  it.effect("takes away what an older server or an asker that was killed has left", () => {
    const queue = makeQueue()
    const left = ["1.2", "1.2.done", ".3.4", ".5.6.note"]
    for (const name of left) queue.disk.makeFile(queue.at(`lock/request/${name}`), "hold\n\n")
    queue.disk.makeFile(queue.at("lock/request/7.8.note"), "admin: hold msg 5\n")
    return within(
      queue,
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* AdminNotes.take, ["admin: hold msg 5"])
        assert.deepStrictEqual(yield* (yield* Files).list(queue.at("lock/request")), [])
      })
    )
  })

  it.effect(
    "makes the sender of nobody a bounce that could not be written whole, and leaves no piece of a note",
    () => {
      const queue = makeQueue()
      const full = Layer.effect(
        Files,
        Effect.map(Files, (files) => ({
          ...files,
          write: (fd: number, bytes: Uint8Array, position?: number | null) =>
            typeof position === "number"
              ? files.write(fd, bytes, position)
              : Effect.andThen(
                  files.write(fd, bytes.subarray(0, 3)),
                  Effect.fail(new FilesError({ operation: "write", path: "", errno: "ENOSPC" }))
                )
        }))
      )
      const act = Effect.gen(function* () {
        const before = queue.disk.snapshot(queue.at(""))
        assert.deepStrictEqual(yield* QueueAdmin.perform(asking("bounce", [queue.old])), [
          { _tag: "Failed", id: queue.old, errno: "ENOSPC" }
        ])
        assert.deepStrictEqual(queue.disk.snapshot(queue.at("")), before)
        assert.deepStrictEqual(yield* QueueAdmin.perform(asking("hold", [queue.old])), [
          { _tag: "Done", id: queue.old }
        ])
        assert.deepStrictEqual(yield* QueueAdmin.perform(asking("delete", [queue.old])), [
          { _tag: "Done", id: queue.old }
        ])
        assert.deepStrictEqual(yield* (yield* Files).list(queue.at("lock/request")), [])
      })
      return within(queue, Effect.provide(act, full))
    }
  )
})

describe("QueueAdmin with many messages", () => {
  it.effect("waits for the disk for all of them together", () => {
    const queue = makeQueue()
    let waiting = 0
    let most = 0
    const slowly = Layer.effect(
      Files,
      Effect.map(Files, (files) => ({
        ...files,
        syncDirectory: (directory: string) =>
          Effect.sync(() => (most = Math.max(most, ++waiting))).pipe(
            Effect.andThen(Effect.yieldNow),
            Effect.andThen(files.syncDirectory(directory)),
            Effect.ensuring(Effect.sync(() => waiting--))
          )
      }))
    ).pipe(Layer.provide(queue.world))
    return within(
      queue,
      Effect.gen(function* () {
        const outcomes = yield* Effect.provide(QueueAdmin.perform(asking("delete", [queue.old, queue.fresh])), slowly)
        assert.deepStrictEqual(
          outcomes?.map(({ _tag }) => _tag),
          ["Done", "Done"]
        )
        assert.strictEqual(most, 2)
      })
    )
  })
  it.effect("does what is said twice of one message one after the other, and tells both in their places", () => {
    const queue = makeQueue()
    const at = (channel: "local" | "remote", position: number) => ({
      id: queue.old,
      written: undefined,
      recipients: [{ channel, position }]
    })
    const request: QueueRequest = {
      verb: "bounce",
      reason: "x",
      targets: [
        at("remote", 0),
        { id: "999", written: undefined, recipients: undefined },
        at("local", 10),
        at("remote", 0)
      ]
    }
    return within(
      queue,
      Effect.gen(function* () {
        const outcomes = yield* QueueAdmin.perform(request)
        assert.deepStrictEqual(
          outcomes?.map(({ _tag, id }) => `${id} ${_tag}`),
          [`${queue.old} Done`, "999 NotThere", `${queue.old} Done`, `${queue.old} NotThere`]
        )
        assert.strictEqual(
          queue.disk.snapshot(queue.at("")).get(queue.at(`bounce/${queue.old}`)),
          "<eve@far>:\nx\n\n<bob@virt>:\nx\n\n"
        )
      })
    )
  })
})

describe("QueueAdmin on a queue that is stopped, when the power is cut or a call fails,", () => {
  const texts = new Set([text.replace(/^[^\n]*\n/, "")])
  /** Everything on the disk at the start: only what is done here may be lost. */
  const make = () => {
    const queue = makeQueue()
    Effect.runSync(Effect.provide(queue.ready, queue.world))
    queue.disk.restart(() => true)
    return queue
  }
  const act = (verb: Verb) => (queue: World) =>
    Effect.provide(QueueAdmin.perform(asking(verb, [queue.old, queue.fresh])), queue.world).pipe(
      Effect.map((told) => told ?? []),
      Effect.orElseSucceed((): ReadonlyArray<Outcome> => [])
    )
  const view = (queue: World, id: string) => Harness.queueViews(queue.disk, 23).find((one) => one.id === id)
  const isDone = (told: ReadonlyArray<Outcome> | undefined, id: string) =>
    told?.some((outcome) => outcome._tag === "Done" && outcome.id === id) ?? false

  const marksOnlyWhatItTells = (queue: World, told: ReadonlyArray<Outcome> | undefined, at: string) => {
    assert.deepStrictEqual(Harness.breaches(queue.disk, 23, texts), [], at)
    const { bounce, local, remote } = view(queue, queue.old)!
    assert.isTrue(Harness.onlyMarked("Dann@here\0Tv-bob@virt\0", local!), at)
    assert.isTrue(Harness.onlyMarked("Teve@far\0", remote!), at)
    for (const [file, record, paragraph] of [
      [local, "Dv-bob@virt\0", "<bob@virt>:\nthe administrator said so\n\n"],
      [remote, "Deve@far\0", "<eve@far>:\nthe administrator said so\n\n"]
    ] as const) {
      if (file!.endsWith(record)) assert.include(bounce ?? "", paragraph, at)
      if (isDone(told, queue.old)) assert.isTrue(file!.endsWith(record), at)
    }
  }
  it("bounces nobody whose sender will not hear of it", async () => {
    assert.isAbove(await Harness.crashWalk({ make, act: act("bounce"), check: marksOnlyWhatItTells }), 50)
    assert.isAbove(await Harness.faultWalk({ make, act: act("bounce"), check: marksOnlyWhatItTells }), 20)
  })

  const deletesOrLeaves = (queue: World, told: ReadonlyArray<Outcome> | undefined, at: string) => {
    assert.deepStrictEqual(Harness.breaches(queue.disk, 23, texts), [], at)
    for (const id of [queue.old, queue.fresh])
      if (isDone(told, id)) assert.strictEqual(view(queue, id), undefined, `${at}: ${id} is still there`)
    // A new message is whole in todo, or not queued any more.
    const fresh = view(queue, queue.fresh)
    if (fresh?.todo === undefined) assert.strictEqual(fresh?.info, undefined, at)
  }
  it("deletes for good what it calls deleted, and makes no other message of the rest", async () => {
    assert.isAbove(await Harness.crashWalk({ make, act: act("delete"), check: deletesOrLeaves }), 50)
    assert.isAbove(await Harness.faultWalk({ make, act: act("delete"), check: deletesOrLeaves }), 20)
  })
})

describe("QueueAdmin with a server", () => {
  it.live("leaves the request to it, and hands its answer on", () => {
    const queue = makeQueue(true)
    return within(
      queue,
      Effect.scoped(
        Effect.gen(function* () {
          const door = yield* (yield* AdminSocket).listen
          const request = asking("retry", [queue.old])
          const asked = yield* Effect.forkChild(QueueAdmin.perform(request))
          const found = yield* door.next
          assert.deepStrictEqual(found.request, request)
          yield* door.answer(found.asker, [{ _tag: "Busy", id: queue.old, why: "ending" }])
          assert.deepStrictEqual(yield* Fiber.join(asked), [{ _tag: "Busy", id: queue.old, why: "ending" }])
        })
      )
    )
  })
  it.live("that understands nothing has done nothing", () => {
    const queue = makeQueue(true)
    return within(
      queue,
      Effect.scoped(
        Effect.gen(function* () {
          const door = yield* (yield* AdminSocket).listen
          const asked = yield* Effect.forkChild(QueueAdmin.perform(asking("retry", [queue.old])))
          yield* door.answer((yield* door.next).asker, [])
          assert.strictEqual(yield* Fiber.join(asked), undefined)
        })
      )
    )
  })
  it.effect("that does not listen is asked for a while", () => {
    const queue = makeQueue(true)
    return within(
      queue,
      Effect.gen(function* () {
        const asked = yield* Effect.forkChild(QueueAdmin.perform(asking("retry", [queue.old])))
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* Fiber.join(asked), undefined)
      })
    )
  })
})

describe("QueueTransport", () => {
  it.effect("moves messages into another queue: new numbers, the same marks and times", () => {
    const from = makeQueue()
    return within(
      from,
      Effect.gen(function* () {
        const files = yield* Files
        yield* files.mkdir("/out", 0o700)
        for (const id of [from.old, from.fresh]) yield* QueueTransport.exportMessage(id, `/out/${id}`)
        const old = yield* QueueTransport.importMessage(`/out/${from.old}`)
        const fresh = yield* QueueTransport.importMessage(`/out/${from.fresh}`)
        assert.strictEqual(new Set([old, fresh, from.old, from.fresh]).size, 4)
        assert.deepStrictEqual(Harness.namedByInode(from.disk, 23), [])
        const sub = Number(old) % 23
        const now = from.disk.snapshot(from.at(""))
        assert.strictEqual(now.get(from.at(`mess/${sub}/${old}`)), text)
        assert.strictEqual(now.get(from.at(`local/${sub}/${old}`)), "Dann@here\0Tv-bob@virt\0")
        const times = yield* Effect.forEach(["info", "local", "remote"], (name) =>
          Effect.map(files.stat(from.at(`${name}/${sub}/${old}`)), (stat) => stat.mtime)
        )
        assert.deepStrictEqual(times, [1000, 1100, 1400])
        assert.strictEqual(now.get(from.at(`todo/${fresh}`)), "u1\0p2\0Fs\0Tr\0")
        assert.deepStrictEqual(
          [...now.keys()].filter((path) => path.includes("/pid/") && !path.endsWith("/")),
          []
        )
      })
    )
  })

  it.effect("takes no message that was not exported to its end", () => {
    const queue = makeQueue()
    queue.disk.makeFile("/out/5/mess", text)
    queue.disk.makeFile("/out/5/times", "info 5\n")
    return within(
      queue,
      Effect.map(QueueTransport.importMessage("/out/5"), (id) => assert.strictEqual(id, undefined))
    )
  })

  it("leaves nothing or a whole message wherever the power is cut", async () => {
    const texts = new Set([text.replace(/^[^\n]*\n/, "")])
    const crashes = await Harness.crashWalk({
      make: () => {
        const queue = makeQueue()
        queue.disk.makeFile("/out/7/mess", text)
        queue.disk.makeFile("/out/7/local", "Tx@y\0Dz@y\0")
        queue.disk.makeFile("/out/7/info", "Fs@t\0")
        queue.disk.makeFile("/out/7/times", "mess 1\nlocal 3\ninfo 2\n")
        queue.disk.makeFile("/out/7/complete", "")
        return queue
      },
      act: (queue) =>
        Effect.provide(QueueTransport.importMessage("/out/7"), queue.world).pipe(Effect.orElseSucceed(() => "failed")),
      check: (queue, told, at) => {
        assert.strictEqual(
          Harness.preprocessedWhole(queue.disk, 23, texts)
            .filter((b) => !b.includes(queue.old))
            .join(),
          "",
          at
        )
        if (told !== undefined) {
          const found = Harness.queueViews(queue.disk, 23).find(({ id }) => id === told)
          assert.deepStrictEqual([found?.info, found?.local], ["Fs@t\0", "Tx@y\0Dz@y\0"], at)
        }
      }
    })
    assert.isAbove(crashes, 100)
  })
})
