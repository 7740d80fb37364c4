/** Which process serves a queue, among all that /proc shows. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as InstallRecord from "../../../src/core/control/InstallRecord.ts"
import { Files, FilesError } from "../../../src/shell/platform/Files.ts"
import { Home } from "../../../src/shell/home/Home.ts"
import { MemoryDisk } from "../../../src/shell/memory/MemoryDisk.ts"
import * as ServerProcess from "../../../src/shell/server/ServerProcess.ts"

interface Process {
  readonly words: string
  /** `mutex`: it has that open. `closed`: not for us to see. */
  readonly open?: "mutex" | "closed"
}

const server = "/usr/bin/node\0/h/bin/thresher\0start\0"

const find = (processes: Readonly<Record<number, Process>>, recorded?: number) => {
  const disk = new MemoryDisk()
  const mutex = "/home/queue/lock/sendmutex"
  for (const directory of ["/home/queue/lock", "/proc"]) disk.makeDirectories(directory)
  disk.makeFile(mutex, "")
  disk.makeFile("/other", "")
  if (recorded !== undefined) disk.makeFile("/home/queue/lock/server", `{"pid":${recorded},"addresses":[]}\n`)
  for (const [pid, { words }] of Object.entries(processes)) {
    disk.makeDirectories(`/proc/${pid}/fd`)
    disk.makeFile(`/proc/${pid}/cmdline`, words)
    disk.makeFile(`/proc/${pid}/fd/0`, "")
  }
  // What is open is told by the file behind the descriptor.
  const openOf = (path: string) => processes[Number(/^\/proc\/([0-9]+)\/fd/.exec(path)?.[1])]?.open
  const files = Layer.effect(
    Files,
    Effect.map(Files, (all) => ({
      ...all,
      list: (path: string) =>
        openOf(path) === "closed"
          ? Effect.fail(new FilesError({ operation: "list", path, errno: "EACCES" }))
          : all.list(path),
      stat: (path: string) => all.stat(openOf(path) === "mutex" ? mutex : path)
    }))
  ).pipe(Layer.provide(disk.layer))
  const home = Home.layerMemory("/home", InstallRecord.ownHome)
  return Effect.runPromise(Effect.provide(ServerProcess.find, Layer.mergeAll(files, home)))
}

describe("The process that serves a queue", () => {
  it("has its mutex open, whatever the record says", async () => {
    const others = { 1: { words: "init\0" }, 7: { words: server }, 9: { words: "sleep\0" } }
    const all = { ...others, 8: { words: server, open: "mutex" } } as const
    for (const recorded of [undefined, 1, 7, 8, 9, 4711])
      assert.deepStrictEqual(await find(all, recorded), { _tag: "Found", pid: 8 }, `${recorded}`)
    assert.deepStrictEqual(await find(others, 7), { _tag: "NotOurs" })
  })
  it("is no other program that has it open for a moment", async () =>
    assert.deepStrictEqual(await find({ 7: { words: "flock\0", open: "mutex" } }), { _tag: "NotOurs" }))
  it("may be one that we may not look into, if none is ours: the recorded one sooner than others", async () => {
    const closed = { words: server, open: "closed" } as const
    assert.deepStrictEqual(await find({ 7: closed }), { _tag: "Closed", pid: 7 })
    assert.deepStrictEqual(await find({ 7: closed, 8: closed }, 8), { _tag: "Closed", pid: 8 })
    assert.deepStrictEqual(await find({ 7: closed, 8: { words: server, open: "mutex" } }), { _tag: "Found", pid: 8 })
    // The number in an old record may be anybody's by now.
    assert.deepStrictEqual(await find({ 9: { words: "sleep\0", open: "closed" } }, 9), { _tag: "NotOurs" })
  })
})
