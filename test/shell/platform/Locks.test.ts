import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Latch from "effect/Latch"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Files } from "../../../src/shell/platform/Files.ts"
import { Locks, type Patience } from "../../../src/shell/platform/Locks.ts"
import { MemoryDisk } from "../../../src/shell/memory/MemoryDisk.ts"
import { Processes } from "../../../src/shell/platform/Processes.ts"

const memory = new MemoryDisk()
memory.makeDirectories("/locks")
const real = mkdtempSync(join(tmpdir(), "thresher-locks-"))
afterAll(() => rmSync(real, { recursive: true, force: true }))

const layers: ReadonlyArray<readonly [string, Layer.Layer<Files | Locks>, string]> = [
  ["flock(1)", Locks.layer.pipe(Layer.provideMerge(Layer.merge(Files.layer, Processes.layer))), real],
  ["memory", Locks.layerMemory().pipe(Layer.provideMerge(memory.layer)), "/locks"]
]

const opened = <A, E, R>(path: string, use: (fd: number) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(Files, (files) =>
    Effect.acquireUseRelease(files.open(path, "append", 0o600), use, (fd) => Effect.ignore(files.close(fd)))
  )

const answerOn = (path: string, patience: Patience) =>
  opened(path, (fd) =>
    Effect.flatMap(Locks, (locks) => locks.whileLocked(fd, patience, ({ _tag }) => Effect.succeed(_tag)))
  )

for (const [name, layer, directory] of layers)
  describe(`Locks: ${name}`, () => {
    const on = <A, E>(title: string, body: (path: string) => Effect.Effect<A, E, Files | Locks>) =>
      it.live(title, () => body(`${directory}/${title.replaceAll(/[^a-z]/g, "-")}`).pipe(Effect.provide(layer)))

    /** Runs `other` while somebody has the lock. */
    const whileHeld = <A, E, R>(path: string, other: Effect.Effect<A, E, R>) =>
      Effect.gen(function* () {
        const isHeld = yield* Latch.make(false)
        const mayEnd = yield* Latch.make(false)
        const holder = yield* Effect.forkChild(
          opened(path, (fd) =>
            Effect.flatMap(Locks, (locks) =>
              locks.whileLocked(fd, 0, () => Effect.andThen(Latch.open(isHeld), Latch.await(mayEnd)))
            )
          )
        )
        yield* Latch.await(isHeld)
        const result = yield* other
        yield* Latch.open(mayEnd)
        yield* Fiber.join(holder)
        return result
      })

    on("one after the other has it", (path) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* answerOn(path, 0), "Locked")
        assert.strictEqual(yield* answerOn(path, 0), "Locked")
      })
    )
    on("two at once do not", (path) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* whileHeld(path, answerOn(path, 0)), "Busy")
        assert.strictEqual(yield* answerOn(path, 0), "Locked")
      })
    )
    on("patience ends", (path) =>
      Effect.map(whileHeld(path, answerOn(path, 0.05)), (answer) => assert.strictEqual(answer, "Busy"))
    )
    on("who waits gets it in the end, in turn", (path) =>
      Effect.gen(function* () {
        const order: Array<number> = []
        const waiting = (n: number) =>
          opened(path, (fd) =>
            Effect.flatMap(Locks, (locks) =>
              locks.whileLocked(fd, n % 2 === 0 ? Infinity : 30, ({ _tag }) => Effect.sync(() => order.push(n) && _tag))
            )
          )
        const fibers = yield* whileHeld(
          path,
          Effect.gen(function* () {
            const forked = []
            for (const n of [1, 2, 3]) {
              forked.push(yield* Effect.forkDetach(waiting(n)))
              yield* Effect.sleep(10)
            }
            return forked
          })
        )
        for (const fiber of fibers) assert.strictEqual(yield* Fiber.join(fiber), "Locked")
        assert.deepStrictEqual(order, [1, 2, 3])
      })
    )
    on("who is interrupted while waiting leaves the way free", (path) =>
      Effect.gen(function* () {
        const given = yield* whileHeld(
          path,
          Effect.gen(function* () {
            const waiter = yield* Effect.forkChild(answerOn(path, Infinity))
            yield* Effect.sleep(10)
            yield* Fiber.interrupt(waiter)
            return "interrupted"
          })
        )
        assert.strictEqual(given, "interrupted")
        assert.strictEqual(yield* answerOn(path, 0), "Locked")
      })
    )
    on("two names of one file are one lock", (path) =>
      Effect.gen(function* () {
        yield* answerOn(path, 0)
        yield* (yield* Files).link(path, `${path}.2`)
        assert.strictEqual(yield* whileHeld(path, answerOn(`${path}.2`, 0)), "Busy")
      })
    )
  })

describe("Locks: flock(1) and other programs", () => {
  const [, layer] = layers[0]!
  it.live("they see our lock, and we see theirs", () =>
    Effect.gen(function* () {
      const path = `${real}/shared`
      const locks = yield* Locks
      const theirs = () => spawnSync("flock", ["-xn", path, "true"]).status
      const status = yield* opened(path, (fd) => locks.whileLocked(fd, 0, () => Effect.sync(theirs)))
      assert.strictEqual(status, 1)
      assert.strictEqual(theirs(), 0)
    }).pipe(Effect.provide(layer))
  )
  it.live("without flock(1) the answer says so", () =>
    Effect.gen(function* () {
      const answer = yield* opened(`${real}/none`, (fd) =>
        Effect.flatMap(Locks, (locks) => locks.whileLocked(fd, 0, Effect.succeed))
      )
      assert.deepStrictEqual(answer, { _tag: "Unavailable", errno: "ENOENT" })
    }).pipe(Effect.provide(Layer.provideMerge(Layer.provide(Locks.layer, nothingRuns), Files.layer)))
  )
})

const nothingRuns = Layer.merge(
  Files.layer,
  Layer.effect(
    Processes,
    Effect.map(Processes, ({ spawn }) => ({
      spawn: (description: Parameters<typeof spawn>[0]) => spawn({ ...description, environment: { PATH: "/none" } })
    }))
  ).pipe(Layer.provide(Processes.layer))
)
