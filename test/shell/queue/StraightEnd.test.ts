/** What is left of a message that went straight from todo is removed, by whoever may. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as InstallRecord from "../../../src/core/control/InstallRecord.ts"
import type { CleanRequest } from "../../../src/core/queue/CleanRequest.ts"
import { type FileCalls, Files, FilesError } from "../../../src/shell/platform/Files.ts"
import { Home } from "../../../src/shell/home/Home.ts"
import { MemoryDisk } from "../../../src/shell/memory/MemoryDisk.ts"
import { QueueStore } from "../../../src/shell/queue/QueueStore.ts"
import * as StraightEnd from "../../../src/shell/queue/StraightEnd.ts"

/** Ends message 7; what the cleaner was asked, what was found, what is left. `mine`: todo/ is qmail-send's own. */
const end = (mine: boolean, canClean = true) => {
  const disk = new MemoryDisk()
  for (const name of ["intd", "todo", "mess/0"]) disk.makeDirectories(`/home/queue/${name}`)
  for (const name of ["intd/7", "todo/7", "mess/0/7"]) disk.makeFile(`/home/queue/${name}`, "x")
  const asked: Array<string> = []
  const refused = (path: string) => Effect.fail(new FilesError({ operation: "unlink", path, errno: "EACCES" }))
  const work = Effect.gen(function* () {
    const store = yield* QueueStore
    const all = yield* Files
    const files: FileCalls = mine ? all : { ...all, unlink: refused }
    const clean = (request: CleanRequest) => {
      asked.push(request._tag)
      return canClean ? Effect.match(store.clean(request), { onFailure: () => false, onSuccess: () => true }) : no
    }
    const result = yield* StraightEnd.end(files, store, clean, "7")
    const left = [...disk.snapshot("/home/queue").keys()].filter((path) => path.endsWith("7"))
    return { asked, result, left: left.length }
  })
  const record = { ...InstallRecord.ownHome, split: 1 }
  return work.pipe(
    Effect.provide(
      QueueStore.layer.pipe(Layer.provideMerge(Layer.mergeAll(disk.layer, Home.layerMemory("/home", record))))
    )
  )
}
const no = Effect.succeed(false)

describe("A message that went straight from todo", () => {
  it.effect("where todo/ is ours, qmail-clean is asked for the text alone", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* end(true), { asked: ["RemoveMessage"], result: "removed", left: 0 })
    })
  )
  it.effect("where todo/ is qmailq's, it is asked for both", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* end(false), { asked: ["RemoveTodo", "RemoveMessage"], result: "removed", left: 0 })
    })
  )
  it.effect("where it cannot, everything stays", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* end(false, false), { asked: ["RemoveTodo"], result: "todoStays", left: 3 })
    })
  )
})
