import { assert, describe, it } from "@effect/vitest"
import * as Finding from "../../../src/core/control/Finding.ts"

describe("Finding.refusal", () => {
  const odd = Finding.warning("control/rcpthosts", "is odd", 7)
  const first = Finding.error("control/databytes", "number too large: 9", 1)
  const second = Finding.error("control/locals", "unable to read: is a directory")
  for (const [what, findings, refusal] of [
    ["nothing", [], undefined],
    ["what is only odd", [odd, odd], undefined],
    ["an error", [odd, first], "control/databytes: line 1: number too large: 9"],
    ["an error that is in no line", [second, odd], "control/locals: unable to read: is a directory"],
    ["two", [first, odd, second], "control/databytes: line 1: number too large: 9 (and 1 more: run thresher check)"]
  ] as const)
    it(what, () => assert.strictEqual(Finding.refusal(findings), refusal))
})
