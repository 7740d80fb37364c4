import { assert, describe, it } from "@effect/vitest"
import * as SteeringText from "../../../src/core/admin/SteeringText.ts"

describe("SteeringText", () => {
  for (const [action, outcome, line, exitCode] of [
    ["hold", { _tag: "Done", id: "53" }, "53: held", 0],
    ["delete", { _tag: "NotThere", id: "53" }, "53: no such message in the queue", 100],
    ["retry", { _tag: "NotThere", id: "53" }, "53: no such message in the queue, or it is held", 100],
    ["release", { _tag: "NotThere", id: "53" }, "53: no such message in the queue, or it is not held", 100],
    ["bounce", { _tag: "Unsorted", id: "53" }, "53: new: whoever sends sorts it first; nothing was changed", 111],
    ["export", { _tag: "Failed", id: "53", errno: "ENOSPC" }, "53: unable to export: out of disk space", 111],
    ["export", { _tag: "Failed", id: "53", errno: "EEXIST" }, "53: unable to export: file already exists", 100],
    ["import", { _tag: "Imported", id: "53", as: "99" }, "53: in the queue as 99", 0],
    ["import", { _tag: "Incomplete", id: "53" }, "53: not a whole message; nothing was imported", 100]
  ] as ReadonlyArray<readonly [SteeringText.Action, SteeringText.Outcome, string, number]>)
    it(`${action}: ${line} (${exitCode})`, () => {
      assert.strictEqual(SteeringText.line(action, outcome), `${line}\n`)
      assert.strictEqual(SteeringText.exitCode([outcome]), exitCode)
    })

  for (const [why, text] of [
    ["starting", "about to be delivered"],
    ["delivering", "being delivered at this moment"],
    ["recording", "just tried, and its outcome is being written down"],
    ["ending", "done, and about to leave the queue"],
    ["sorting", "new, and being sorted at this moment"],
    ["reading", "being looked at again after a failure"]
  ] as const)
    for (const verb of ["retry", "hold", "release", "bounce", "delete"] as const)
      it(`${verb} of a message that is ${text}`, () => {
        const outcome = { _tag: "Busy", id: "53", why } as const
        assert.strictEqual(SteeringText.line(verb, outcome), `53: ${text}; nothing was changed\n`)
        assert.strictEqual(
          SteeringText.json(verb, outcome),
          `{"number":"53","action":"${verb}","outcome":"busy","why":"${why}"}\n`
        )
        assert.strictEqual(SteeringText.exitCode([outcome]), 111)
      })

  it("what another try may do counts most", () =>
    assert.strictEqual(
      SteeringText.exitCode([
        { _tag: "Busy", id: "1", why: "ending" },
        { _tag: "NotThere", id: "2" },
        { _tag: "Done", id: "3" }
      ]),
      111
    ))
  it("nothing to do is no failure", () => assert.strictEqual(SteeringText.exitCode([]), 0))
  it("is JSON for programs", () =>
    assert.strictEqual(
      SteeringText.json("export", { _tag: "Failed", id: "53", errno: "EIO" }),
      '{"number":"53","action":"export","outcome":"failed","errno":"EIO"}\n'
    ))
  it("misses what was asked for by number", () =>
    assert.deepStrictEqual(SteeringText.missing(new Set(["1", "2"]), new Set(["2"])), [{ _tag: "NotThere", id: "1" }]))
})
