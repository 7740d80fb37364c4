import { assert, describe, it } from "@effect/vitest"
import { type Answer, verdictOf } from "../../../src/core/local/CommandVerdict.ts"

describe("CommandVerdict", () => {
  for (const [what, answer, verdict] of [
    ["exit 0", { _tag: "Exited", exitCode: 0 }, "Yes"],
    ["exit 1", { _tag: "Exited", exitCode: 1 }, "No"],
    ["exit 99", { _tag: "Exited", exitCode: 99 }, "No"],
    ["exit 100", { _tag: "Exited", exitCode: 100 }, "No"],
    ["exit 111", { _tag: "Exited", exitCode: 111 }, "temporary child error"],
    ["a signal", { _tag: "Killed", signal: "SIGSEGV" }, "child crashed"],
    ["no such program", { _tag: "NotRun", errno: "ENOENT" }, "No"],
    ["not executable", { _tag: "NotRun", errno: "EACCES" }, "No"],
    ["no process to be had", { _tag: "NotRun", errno: "EAGAIN" }, "temporary child error"]
  ] as ReadonlyArray<readonly [string, Answer, string]>)
    it(`${what}: ${verdict}`, () => {
      const given = verdictOf(answer)
      assert.strictEqual(given._tag === "Unknown" ? given.text : given._tag, verdict)
    })
})
