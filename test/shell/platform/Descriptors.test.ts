import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawnSync } from "node:child_process"
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fromChunk } from "../../../src/core/Bytes.ts"
import * as Descriptors from "../../../src/shell/platform/Descriptors.ts"
import { Files } from "../../../src/shell/platform/Files.ts"

const scratch = mkdtempSync(join(tmpdir(), "thresher-descriptors-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe("Descriptors.reader", () => {
  it.live("listens no more for reads that were given up, and keeps what comes for the next one", () =>
    Effect.gen(function* () {
      const path = join(scratch, "fifo")
      spawnSync("mkfifo", [path])
      const fd = openSync(path, constants.O_RDWR)
      const warnings: Array<Error> = []
      const warned = (warning: Error) => warnings.push(warning)
      process.on("warning", warned)
      const read = Descriptors.reader(yield* Files, fd)
      for (let i = 0; i < 12; i++) yield* Effect.timeoutOption(read, 1)
      writeSync(fd, "late")
      yield* Effect.sleep(10)
      assert.strictEqual(fromChunk(yield* read), "late")
      process.off("warning", warned)
      closeSync(fd)
      assert.deepStrictEqual(warnings, [])
    }).pipe(Effect.provide(Files.layer))
  )
})
