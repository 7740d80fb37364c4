import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import { MemoryDisk } from "../../../src/shell/memory/MemoryDisk.ts"

const lose = () => false
const keep = () => true

/** Writes a file with the steps named, cuts the power, and says what is there afterwards. */
const after = (steps: { readonly fsync: boolean; readonly syncDirectory: boolean }, coin: () => boolean) =>
  Effect.gen(function* () {
    const disk = new MemoryDisk()
    disk.makeDirectories("/d")
    const fd = yield* disk.calls.open("/d/f", "create")
    yield* disk.calls.write(fd, toChunk("four"))
    if (steps.fsync) yield* disk.calls.fsync(fd)
    if (steps.syncDirectory) yield* disk.calls.syncDirectory("/d")
    disk.restart(coin)
    return disk.snapshot("/d").get("/d/f") ?? "no file"
  })

describe("MemoryDisk after a power cut", () => {
  for (const [fsync, syncDirectory, coin, found] of [
    [true, true, lose, "four"],
    [true, false, lose, "no file"],
    [false, true, lose, "fo"],
    [false, false, lose, "no file"],
    [false, false, keep, "four"]
  ] as const)
    it.effect(
      `${fsync ? "file synced" : "file not synced"}, ${syncDirectory ? "entry synced" : "entry not synced"}, ` +
        `${coin === lose ? "unlucky" : "lucky"}: ${found}`,
      () => Effect.map(after({ fsync, syncDirectory }, coin), (content) => assert.strictEqual(content, found))
    )

  it.effect("an unlink that was not synced may come undone", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      disk.makeFile("/d/f", "x")
      yield* disk.calls.unlink("/d/f")
      disk.restart(lose)
      assert.strictEqual(disk.snapshot("/d").get("/d/f"), "x")
      yield* disk.calls.unlink("/d/f")
      yield* disk.calls.syncDirectory("/d")
      disk.restart(lose)
      assert.strictEqual(disk.snapshot("/d").size, 0)
    })
  )

  it.effect("an overwrite that was not synced may be lost, the old content is not", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      disk.makeFile("/d/f", "Told")
      const fd = yield* disk.calls.open("/d/f", "update")
      yield* disk.calls.write(fd, toChunk("D"), 0)
      assert.strictEqual(fromChunk(yield* disk.calls.readFile("/d/f")), "Dold")
      disk.restart(lose)
      assert.strictEqual(disk.snapshot("/d").get("/d/f"), "Told")
    })
  )

  it.effect("no error handling survives the cut, and nothing works until the restart", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      disk.cutAt = 0
      const exit = yield* Effect.exit(Effect.ignore(disk.calls.mkdir("/d", 0o700)))
      assert.strictEqual(exit._tag, "Failure")
      assert.isTrue(disk.isDown)
      assert.strictEqual((yield* Effect.exit(disk.calls.list("/")))._tag, "Failure")
      disk.restart(lose)
      yield* disk.calls.mkdir("/d", 0o700)
    })
  )

  it.effect("inode numbers are used again at once", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      disk.makeDirectories("/d")
      yield* disk.calls.close(yield* disk.calls.open("/d/a", "create"))
      const { inode } = yield* disk.calls.stat("/d/a")
      yield* disk.calls.unlink("/d/a")
      yield* disk.calls.close(yield* disk.calls.open("/d/b", "create"))
      assert.strictEqual((yield* disk.calls.stat("/d/b")).inode, inode)
    })
  )

  it.effect("a fault makes one call fail", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      disk.fault = (operation) => (operation === "mkdir" ? "ENOSPC" : undefined)
      const errno = yield* Effect.match(disk.calls.mkdir("/d", 0o700), {
        onFailure: (error) => error.errno,
        onSuccess: () => "none"
      })
      assert.strictEqual(errno, "ENOSPC")
    })
  )
})
