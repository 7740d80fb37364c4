import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Interpreter from "../../../src/core/home/Interpreter.ts"
import { Files } from "../../../src/shell/platform/Files.ts"
import * as ProgramStart from "../../../src/shell/platform/ProgramStart.ts"

const scratch = mkdtempSync(join(tmpdir(), "thresher-start-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
const put = (name: string, content: string) => writeFileSync(join(scratch, name), content, { mode: 0o755 })
put("ours", `${Interpreter.line("/no/such/node", true)}\n`)
put("other", "#!/bin/sh\nexit 127\n")

const endingOf = (program: string, exitCode: number) => {
  const image = { program, environment: { PATH: `/no/such/place:${scratch}` }, directory: scratch }
  return ProgramStart.endingOf(image, { _tag: "Exited", exitCode }).pipe(
    Effect.map(({ _tag }) => _tag),
    Effect.provide(Files.layer)
  )
}

describe("ProgramStart.endingOf", () => {
  for (const [program, exitCode, expected] of [
    ["ours", 127, "Killed"],
    ["./ours", 126, "Killed"],
    ["ours", 125, "Killed"],
    ["ours", 111, "Exited"],
    ["ours", 0, "Exited"],
    ["other", 127, "Exited"],
    ["nowhere", 127, "Exited"]
  ] as const)
    it.effect(`${program} with ${exitCode}: ${expected}`, () =>
      Effect.map(endingOf(program, exitCode), (tag) => assert.strictEqual(tag, expected))
    )

  it("without node the exit is one of env's", () => {
    const { error, status } = spawnSync(join(scratch, "ours"))
    if (error === undefined) assert.isTrue(Interpreter.mayBeEnv(status!))
  })
})
