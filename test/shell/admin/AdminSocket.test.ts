import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fromText } from "../../../src/core/Bytes.ts"
import * as InstallRecord from "../../../src/core/control/InstallRecord.ts"
import type { QueueRequest } from "../../../src/core/admin/QueueRequest.ts"
import { AdminSocket } from "../../../src/shell/admin/AdminSocket.ts"
import { Files } from "../../../src/shell/platform/Files.ts"
import { Home } from "../../../src/shell/home/Home.ts"

const scratch = mkdtempSync(join(tmpdir(), "thresher-admin-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** Longer than the name of a socket may be, and not in ASCII. */
const home = join(scratch, "ü".repeat(60))
const socket = join(home, "queue/lock/admin")
beforeAll(() => mkdirSync(join(home, "queue/lock"), { recursive: true }))

const real = AdminSocket.layer.pipe(
  Layer.provide(Layer.merge(Files.layerSync, Home.layerMemory(fromText(home), InstallRecord.ownHome)))
)
const request: QueueRequest = {
  verb: "delete",
  reason: "no room",
  targets: Array.from({ length: 250 }, (_, i) => ({ id: `${i + 1}`, written: 1.5, recipients: undefined }))
}
const done = request.targets.map(({ id }) => ({ _tag: "Done", id }) as const)

for (const [name, layer] of [
  ["a socket", real],
  ["in memory", AdminSocket.layerMemory]
] as const)
  describe(`AdminSocket: ${name}`, () => {
    const on = <A, E>(title: string, body: (calls: AdminSocket["Service"]) => Effect.Effect<A, E>) =>
      it.live(title, () => Effect.flatMap(AdminSocket, body).pipe(Effect.provide(layer)))

    on("brings the request, and takes the answer back, to each its own", ({ ask, listen }) =>
      Effect.scoped(
        Effect.gen(function* () {
          const door = yield* listen
          const first = yield* Effect.forkChild(ask(request))
          const { asker, request: understood } = yield* door.next
          assert.deepStrictEqual(understood, request)
          assert.isTrue(door.isWaiting(asker))
          const second = yield* Effect.forkChild(ask({ ...request, verb: "hold" }))
          const other = yield* door.next
          assert.isTrue(yield* door.answer(other.asker, []))
          assert.deepStrictEqual(yield* Fiber.join(second), [])
          assert.isTrue(yield* door.answer(asker, done))
          assert.deepStrictEqual(yield* Fiber.join(first), done)
          assert.isFalse(yield* door.answer(asker, done), "nobody is told twice")
        })
      )
    )
    on("knows when an asker has gone", ({ ask, listen }) =>
      Effect.scoped(
        Effect.gen(function* () {
          const door = yield* listen
          const asked = yield* Effect.forkChild(ask(request))
          const { asker } = yield* door.next
          yield* Fiber.interrupt(asked)
          while (door.isWaiting(asker)) yield* Effect.sleep(1)
          assert.isFalse(yield* door.answer(asker, done))
        })
      )
    )
    on("is nobody's when no server listens, and when it ends before it answers", ({ ask, listen }) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* ask(request), "nobody")
        const asked = yield* Effect.scoped(
          Effect.gen(function* () {
            const door = yield* listen
            const asked = yield* Effect.forkDetach(ask(request))
            yield* door.next
            return asked
          })
        )
        assert.strictEqual(yield* Fiber.join(asked), "nobody")
      })
    )
  })

describe("AdminSocket in the file system", () => {
  it.live("is for its owner alone, replaces what a killed server has left, and goes with the server", () =>
    Effect.gen(function* () {
      const { listen } = yield* AdminSocket
      writeFileSync(socket, "")
      yield* Effect.scoped(
        Effect.andThen(
          listen,
          Effect.sync(() => {
            assert.isTrue(statSync(socket).isSocket())
            assert.strictEqual(statSync(socket).mode & 0o777, 0o600)
          })
        )
      )
      assert.deepStrictEqual(readdirSync(join(home, "queue/lock")), [])
    }).pipe(Effect.provide(real))
  )
  it.live("says what a request is that nobody understands, and knows no request in one that is cut short", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const door = yield* (yield* AdminSocket).listen
        const directory = openSync(join(home, "queue/lock"), "r")
        yield* Effect.addFinalizer(() => Effect.sync(() => closeSync(directory)))
        connect(`/proc/self/fd/${directory}/admin`).end("delete\nno room\n5\n")
        connect(`/proc/self/fd/${directory}/admin`).write("dance\n\n\0")
        assert.deepStrictEqual(yield* door.next, { asker: 1, request: undefined, trouble: "unknown verb: dance" })
      })
    ).pipe(Effect.provide(real))
  )
})
