/** Mail of other accounts that waits in `drop`: what was promised is never lost, whenever the power is cut. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type ByteString, toChunk } from "../../src/core/Bytes.ts"
import * as InstallRecord from "../../src/core/control/InstallRecord.ts"
import { Controls } from "../../src/shell/home/Controls.ts"
import * as DropBox from "../../src/shell/intake/DropBox.ts"
import { Submission } from "../../src/shell/queue/DropSubmitter.ts"
import * as Injector from "../../src/shell/queue/Injector.ts"
import { LogSink } from "../../src/shell/platform/LogSink.ts"
import { QueueStore } from "../../src/shell/queue/QueueStore.ts"
import { QueueTrigger } from "../../src/shell/queue/QueueTrigger.ts"
import * as Harness from "./harness.ts"

const small = "Subject: small\n\nbody\n"
const large = `Subject: large\n\n${"0123456789abcde\n".repeat(9000)}`
const texts = new Set([small, large])
const drop = `${Harness.homePath}/drop`
const owner = { uid: 1000, gid: 1000 }
const other = { uid: 33, gid: 1000 }

const makeWorld = () => {
  const home = Harness.makeHome(InstallRecord.ownHome)
  home.disk.makeDirectories(drop)
  const log: Array<ByteString> = []
  const promised: Array<ByteString> = []
  let submitted = 0
  const queue = Layer.mergeAll(QueueStore.layer, QueueTrigger.layerMemory).pipe(Layer.provideMerge(home.layer))
  const services = Layer.mergeAll(Injector.layer, LogSink.layerMemory(log), Controls.layerMemory({}, false)).pipe(
    Layer.provideMerge(queue)
  )
  /** As qmail-queue of uid 33. */
  const submit = (text: ByteString, limits = { messages: 0, bytes: 0 }) =>
    Effect.gen(function* () {
      home.disk.owner = other
      const id = (++submitted).toString(16).padStart(32, "0")
      const place = { files: home.disk.calls, drop, gid: owner.gid }
      const submission = new Submission(place, { uid: other.uid, id, limits })
      yield* submission.begin
      for (let at = 0; at < text.length; at += 40_000)
        yield* submission.tell({ _tag: "TextCame", bytes: toChunk(text.slice(at, at + 40_000)) })
      yield* submission.tell({ _tag: "TextEnded" })
      yield* submission.tell({ _tag: "EnvelopeCame", bytes: toChunk("Fs@x\0Tr@y\0\0") })
      home.disk.owner = owner
      if (submission.state._tag === "Queued") promised.push(text)
      return submission.state
    })
  const look = Effect.provide(
    Effect.suspend(() => {
      home.disk.owner = owner
      return DropBox.look
    }),
    services
  )
  return { ...home, submit, look, promised, log }
}
type World = ReturnType<typeof makeWorld>

const waiting = (world: World) =>
  [...world.disk.snapshot(drop).keys()].filter((path) => !path.endsWith("/")).map((path) => path.slice(drop.length + 1))
const queued = (world: World) =>
  Harness.queueViews(world.disk, InstallRecord.ownHome.split)
    .filter(({ todo }) => todo !== undefined)
    .map(({ mess, todo }) => ({ text: Harness.textOf(mess!), mess: mess!, todo: todo! }))
const copies = (world: World, text: ByteString) => queued(world).filter((one) => one.text === text).length

const assertSound = (world: World, at: string) =>
  assert.strictEqual(Harness.breaches(world.disk, InstallRecord.ownHome.split, texts).join("; "), "", at)

describe("Mail that waits in drop", () => {
  it("is queued in the name of its account, and gone from there", async () => {
    const world = makeWorld()
    await Harness.runUntilCut(world.submit(small))
    assert.deepStrictEqual(waiting(world), [`msg.33.${"1".padStart(32, "0")}`])
    await Harness.runUntilCut(world.look)
    assert.deepStrictEqual(waiting(world), [])
    const [message] = queued(world)
    assert.match(message!.mess, /^Received: \(qmail \d+ invoked by uid 33\); /)
    assert.match(message!.todo, /^u33\0p\d+\0Fs@x\0Tr@y\0$/)
  })

  for (const text of [small, large])
    it(`is there after a power cut if its account was told so: ${text.slice(9, 14)}`, async () => {
      const crashes = await Harness.crashWalk({
        make: makeWorld,
        act: (world) => world.submit(text),
        check: async (world, _, at) => {
          await Harness.runUntilCut(world.look)
          assertSound(world, at)
          for (const one of world.promised) assert.strictEqual(copies(world, one), 1, at)
          assert.isAtMost(copies(world, text), 1, at)
        }
      })
      assert.isAbove(crashes, 50)
    })

  it("is queued once, or twice if the power is cut between queueing and removing; never lost", async () => {
    let twice = 0
    const crashes = await Harness.crashWalk({
      make: makeWorld,
      act: (world) =>
        Effect.as(Effect.andThen(Effect.andThen(world.submit(large), world.submit(small)), world.look), "done"),
      check: async (world, _, at) => {
        await Harness.runUntilCut(world.look)
        assertSound(world, at)
        for (const one of world.promised) assert.include([1, 2], copies(world, one), at)
        if (world.promised.some((one) => copies(world, one) > 1)) twice++
        assert.deepStrictEqual(
          waiting(world).filter((name) => name.startsWith("msg")),
          [],
          at
        )
      }
    })
    assert.isAbove(crashes, 200)
    assert.isAbove(twice, 0)
  })

  it("stays when any call fails, and is queued at a later look", async () => {
    const runs = await Harness.faultWalk({
      make: makeWorld,
      act: (world) => Effect.as(Effect.andThen(world.submit(small), world.look), "done"),
      check: async (world, _, at) => {
        await Harness.runUntilCut(world.look)
        assertSound(world, at)
        for (const one of world.promised) assert.include([1, 2], copies(world, one), at)
        assert.deepStrictEqual(
          waiting(world).filter((name) => name.startsWith("msg")),
          [],
          at
        )
      }
    })
    assert.isAbove(runs, 40)
  })

  it("of one account never exceeds the limits, however many write at once", async () => {
    const world = makeWorld()
    const limits = { messages: 3, bytes: 0 }
    const states = await Harness.runUntilCut(
      Effect.all(
        Array.from({ length: 6 }, () => world.submit(small, limits)),
        { concurrency: "unbounded" }
      )
    )
    const told = states!.filter(({ _tag }) => _tag === "Queued").length
    assert.isAtMost(told, 3)
    assert.strictEqual(waiting(world).length, told)
  })
})
