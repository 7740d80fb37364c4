import { assert, describe, it } from "@effect/vitest"
import * as Machine from "../../src/core/Machine.ts"
import * as Outcome from "../../src/core/Outcome.ts"

describe("Outcome", () => {
  for (const [errno, temporary, text] of [
    ["ENOENT", false, "file does not exist"],
    ["EACCES", false, "access denied"],
    ["EPERM", false, "permission denied"],
    ["ENOSPC", true, "out of disk space"],
    ["EROFS", false, "read-only file system"],
    ["EFBIG", true, "file too big"],
    ["EIO", true, "input/output error"],
    ["ETIMEDOUT", true, "timed out"],
    ["EWHATEVER", false, "unknown error"]
  ] as const)
    it(`${errno}: "${text}", ${temporary ? "worth another try" : "for good"}`, () => {
      assert.strictEqual(Outcome.isTemporary(errno), temporary)
      assert.strictEqual(Outcome.systemText(errno), text)
    })
  it("letters and outcomes are each other's inverse", () => {
    for (const letter of ["K", "Z", "D"] as const)
      assert.strictEqual(Outcome.letterOf[Outcome.outcomeOf[letter]], letter)
  })
})

describe("Machine", () => {
  type Event = { readonly _tag: "Rang"; readonly times: number } | { readonly _tag: "Slept" }
  const rang = (event: Event) => Machine.on(event, "Rang", ({ times }) => times)
  it("narrows an event", () => assert.strictEqual(rang({ _tag: "Rang", times: 2 }), 2))
  it("takes any other event for a bug", () =>
    assert.throws(() => rang({ _tag: "Slept" }), /impossible: Slept: expected Rang/))
})
