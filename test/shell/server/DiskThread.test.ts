/** The disk thread as the server sees it: what is asked is answered, also when the thread is lost or not wanted any more. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type { FromThread, Order, ToThread } from "../../../src/shell/server/DiskOrders.ts"
import { DiskThread, type Thread } from "../../../src/shell/server/DiskThread.ts"
import { MessageHints } from "../../../src/shell/queue/MessageHints.ts"
import { QueueTrigger } from "../../../src/shell/queue/QueueTrigger.ts"
import * as ThreadPort from "../../../src/shell/platform/ThreadPort.ts"

const clean: Order = { _tag: "Clean", request: { _tag: "RemoveMessage", id: "7" } }
const deliver: Order = {
  _tag: "Deliver",
  delivery: { channel: "local", slot: 0, id: "7", sender: "a@x", recipient: "b@y" }
}

/** Threads that do what the test says: one after the other is lost. */
const world = (act: (said: ToThread, say: (words: FromThread) => void, lose: () => void) => void) => {
  const heard: Array<ToThread> = []
  let started = 0
  let ended = 0
  const start = (): Thread => {
    started++
    const [port, within] = ThreadPort.pair<FromThread, ToThread>()
    let lose = (): void => {}
    within.listen((said) => {
      heard.push(said)
      act(said, within.send, () => lose())
    })
    return { port, whenLost: (lost) => void (lose = lost), end: () => void ended++ }
  }
  const layer = DiskThread.layerFrom(start).pipe(
    Layer.provideMerge(Layer.mergeAll(MessageHints.layer, QueueTrigger.layerMemory))
  )
  return { layer, heard, counts: () => ({ started, ended }) }
}

describe("The disk thread", () => {
  it.live("answers each order with its own answer, in whatever order they come", () => {
    const waiting: Array<number> = []
    const { layer } = world((said, say) => {
      if (waiting.push(said.number) === 2)
        for (const number of waiting.toReversed())
          say({ _tag: "Answered", number, answer: number === waiting[0] ? true : "Kdid it\n" })
    })
    return Effect.gen(function* () {
      const { ask } = yield* DiskThread
      const answers = yield* Effect.all([ask(clean), ask(deliver)], { concurrency: 2 })
      assert.deepStrictEqual(answers, [true, "Kdid it\n"])
    }).pipe(Effect.provide(layer))
  })

  it.live("says what was queued before whoever asked for it has his answer", () => {
    const hint = { todo: new Uint8Array([70]), bytes: 3 }
    const { layer } = world(({ number }, say) => {
      say({ _tag: "Queued", id: "12", hint })
      say({ _tag: "Answered", number, answer: "Kforwarded\n" })
    })
    return Effect.gen(function* () {
      yield* (yield* DiskThread).ask(deliver)
      assert.deepStrictEqual(yield* (yield* QueueTrigger).awaitPull, ["12"])
      assert.deepStrictEqual((yield* MessageHints).take("12"), hint)
    }).pipe(Effect.provide(layer))
  })

  it.live("a lost thread leaves nobody waiting, and the next order finds a new one", () => {
    let isFirst = true
    const { counts, layer } = world(({ number }, say, lose) => {
      if (isFirst) lose()
      else say({ _tag: "Answered", number, answer: true })
      isFirst = false
    })
    return Effect.gen(function* () {
      const { ask } = yield* DiskThread
      assert.isUndefined(yield* ask(deliver))
      assert.isTrue(yield* ask(clean))
      assert.strictEqual(counts().started, 2)
    }).pipe(Effect.provide(layer))
  })

  it.live("who is interrupted waits until the thread has left everything in order", () => {
    let say: ((words: FromThread) => void) | undefined
    const { heard, layer } = world((_, answer) => {
      say = answer
    })
    return Effect.gen(function* () {
      const asking = yield* Effect.forkChild((yield* DiskThread).ask(deliver))
      while (heard.length < 1) yield* Effect.yieldNow
      const interrupting = yield* Effect.forkChild(Fiber.interrupt(asking))
      while (heard.length < 2) yield* Effect.yieldNow
      assert.deepStrictEqual(heard[1], { _tag: "Interrupted", number: heard[0]!.number })
      assert.isUndefined(interrupting.pollUnsafe())
      say!({ _tag: "Answered", number: heard[0]!.number, answer: undefined })
      yield* Fiber.join(interrupting)
    }).pipe(Effect.provide(layer))
  })

  it.live("ends with the server", () =>
    Effect.gen(function* () {
      const { counts, layer } = world(() => {})
      yield* Effect.provide(Effect.void, layer)
      assert.deepStrictEqual(counts(), { started: 1, ended: 1 })
    })
  )
})
