import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import { Files, type FilesError } from "../../../src/shell/platform/Files.ts"
import { MemoryDisk } from "../../../src/shell/memory/MemoryDisk.ts"

const errnoOf = <A>(effect: Effect.Effect<A, FilesError>) =>
  Effect.match(effect, { onFailure: (error) => error.errno, onSuccess: () => "no error" })

const memory = new MemoryDisk()
memory.makeDirectories("/disk")
const real = mkdtempSync(join(tmpdir(), "thresher-files-"))

const layers: ReadonlyArray<readonly [string, Layer.Layer<Files>, string]> = [
  ["the real layer that blocks", Files.layerSync, `${real}/sync`],
  ["the real layer that waits", Files.layer, `${real}/async`],
  ["the real layer of the disk thread", Files.layerThread, `${real}/thread`],
  ["the disk in memory", memory.layer, "/disk/here"]
]

for (const [name, layer, directory] of layers)
  describe(`Files: ${name}`, () => {
    const on = <A, E>(title: string, body: (files: Files["Service"]) => Effect.Effect<A, E>) =>
      it.live(title, () => Effect.flatMap(Files, body).pipe(Effect.provide(layer)))

    on("makes a file that must not exist, writes, syncs, and reads it back", (files) =>
      Effect.gen(function* () {
        yield* files.mkdir(directory, 0o755)
        const fd = yield* files.open(`${directory}/a`, "create", 0o600)
        yield* files.write(fd, toChunk("one\n"))
        yield* files.write(fd, toChunk("two\n"))
        yield* files.write(fd, toChunk("T"), 0)
        yield* files.fsync(fd)
        const stat = yield* files.fstat(fd)
        yield* files.close(fd)
        yield* files.syncDirectory(directory)
        assert.strictEqual(fromChunk(yield* files.readFile(`${directory}/a`)), "Tne\ntwo\n")
        assert.strictEqual(stat.bytes, 8)
        assert.strictEqual(stat.mode, 0o600)
        assert.strictEqual(stat.kind, "file")
        assert.strictEqual(yield* errnoOf(files.open(`${directory}/a`, "create")), "EEXIST")
      })
    )
    on("finds no file whose name has a zero byte in it, whoever wrote such a name down", (files) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* errnoOf(files.readFile(`${directory}/a\0b`)), "ENOENT")
        assert.strictEqual(yield* errnoOf(files.stat("\0\xef")), "ENOENT")
      })
    )
    on("appends, truncates and reads in pieces", (files) =>
      Effect.gen(function* () {
        const fd = yield* files.open(`${directory}/a`, "append")
        yield* files.write(fd, toChunk("three\n"))
        yield* files.truncate(fd, 10)
        yield* files.close(fd)
        const reader = yield* files.open(`${directory}/a`, "read")
        assert.strictEqual(fromChunk(yield* files.read(reader, 4, null)), "Tne\n")
        assert.strictEqual(fromChunk(yield* files.read(reader, 100, null)), "two\nth")
        assert.strictEqual((yield* files.read(reader, 100, null)).length, 0)
        assert.strictEqual(fromChunk(yield* files.read(reader, 3, 4)), "two")
        yield* files.close(reader)
      })
    )
    on("links one inode under two names, renames over a file, unlinks", (files) =>
      Effect.gen(function* () {
        yield* files.link(`${directory}/a`, `${directory}/b`)
        assert.strictEqual((yield* files.stat(`${directory}/a`)).inode, (yield* files.stat(`${directory}/b`)).inode)
        assert.strictEqual(yield* errnoOf(files.link(`${directory}/a`, `${directory}/b`)), "EEXIST")
        const fd = yield* files.open(`${directory}/c`, "replace")
        yield* files.close(fd)
        yield* files.rename(`${directory}/c`, `${directory}/b`)
        assert.strictEqual((yield* files.stat(`${directory}/b`)).bytes, 0)
        yield* files.unlink(`${directory}/b`)
        assert.deepStrictEqual([...(yield* files.list(directory))], ["a"])
        assert.strictEqual(yield* errnoOf(files.unlink(`${directory}/b`)), "ENOENT")
      })
    )
    on("takes names of any bytes", (files) =>
      Effect.gen(function* () {
        yield* files.close(yield* files.open(`${directory}/\xff\xe9`, "create"))
        assert.include(yield* files.list(directory), "\xff\xe9")
        yield* files.unlink(`${directory}/\xff\xe9`)
      })
    )
    on("sets times and modes, and follows a symbolic link only where asked", (files) =>
      Effect.gen(function* () {
        yield* files.utimes(`${directory}/a`, 1000, 2000)
        yield* files.chmod(`${directory}/a`, 0o640)
        yield* files.symlink("a", `${directory}/s`)
        const stat = yield* files.stat(`${directory}/s`)
        assert.deepStrictEqual([stat.atime, stat.mtime, stat.mode, stat.kind], [1000, 2000, 0o640, "file"])
        assert.strictEqual((yield* files.lstat(`${directory}/s`)).kind, "symlink")
        assert.strictEqual(yield* errnoOf(files.open(`${directory}/s`, "create")), "EEXIST")
        assert.strictEqual(yield* errnoOf(files.open(`${directory}/s`, "appendNoFollow")), "ELOOP")
        yield* files.close(yield* files.open(`${directory}/s`, "append"))
        assert.strictEqual(yield* errnoOf(files.open(`${directory}/s`, "readNoFollow")), "ELOOP")
        yield* files.close(yield* files.open(directory, "readNoFollow"))
      })
    )
    on("changes the owner and mode of what is open, whatever took its name", (files) =>
      Effect.gen(function* () {
        const { gid, uid } = yield* files.stat(`${directory}/a`)
        const fd = yield* files.open(`${directory}/a`, "readNoFollow")
        yield* files.rename(`${directory}/a`, `${directory}/a.moved`)
        yield* files.symlink("elsewhere", `${directory}/a`)
        yield* files.fchown(fd, uid, gid)
        yield* files.fchmod(fd, 0o604)
        const stat = yield* files.fstat(fd)
        yield* files.close(fd)
        const moved = yield* files.stat(`${directory}/a.moved`)
        assert.deepStrictEqual(
          [stat.mode, moved.mode, moved.inode, moved.device],
          [0o604, 0o604, stat.inode, stat.device]
        )
        yield* files.rename(`${directory}/a.moved`, `${directory}/a`)
      })
    )
    on("names what is wrong", (files) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* errnoOf(files.readFile(`${directory}/none`)), "ENOENT")
        assert.strictEqual(yield* errnoOf(files.open(`${directory}/a/x`, "read")), "ENOTDIR")
        assert.strictEqual(yield* errnoOf(files.readFile(directory)), "EISDIR")
        assert.strictEqual(yield* errnoOf(files.mkdir(directory, 0o755)), "EEXIST")
        assert.strictEqual(yield* errnoOf(files.close(99_999)), "EBADF")
      })
    )
    on("answers many who want the same directory synced", (files) =>
      Effect.forEach(Array.from({ length: 50 }), () => files.syncDirectory(directory), { concurrency: "unbounded" })
    )
    on("tells each of them when it cannot", (files) =>
      Effect.gen(function* () {
        const errors = yield* Effect.forEach(
          Array.from({ length: 3 }),
          () => errnoOf(files.syncDirectory(`${directory}/none`)),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(errors, ["ENOENT", "ENOENT", "ENOENT"])
        if (directory.startsWith(real)) rmSync(directory, { recursive: true })
      })
    )
  })

describe("An error about an open file", () => {
  for (const [name, layer] of layers.slice(0, 3))
    it.live(`names the file: ${name}`, () =>
      Effect.gen(function* () {
        const files = yield* Files
        const fd = yield* files.open("/dev/full", "write")
        const error = yield* Effect.flip(files.write(fd, toChunk("x")))
        assert.deepStrictEqual([error.operation, error.path, error.errno], ["write", "/dev/full", "ENOSPC"])
        yield* files.close(fd)
        assert.strictEqual((yield* Effect.flip(files.fsync(fd))).path, `${fd}`, "what is closed has no name any more")
      }).pipe(Effect.provide(layer))
    )
})
