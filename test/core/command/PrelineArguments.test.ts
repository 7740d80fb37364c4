import { assert, describe, it } from "@effect/vitest"
import * as PrelineArguments from "../../../src/core/command/PrelineArguments.ts"

describe("PrelineArguments", () => {
  for (const [args, lines] of [
    [["cmd"], "UFLINE RPLINE DTLINE"],
    [["-f", "cmd"], "RPLINE DTLINE"],
    [["-rd", "cmd"], "UFLINE"],
    [["-f", "-F", "-r", "cmd"], "UFLINE DTLINE"],
    [["-frd", "cmd"], ""]
  ] as const)
    it(`${args.join(" ")}: ${lines || "no line"}`, () => {
      const parsed = PrelineArguments.parse(args)
      assert.strictEqual("lines" in parsed ? parsed.lines.join(" ") : "refused", lines)
    })
  it("options behind the command are the command's", () =>
    assert.deepInclude(PrelineArguments.parse(["cat", "-f"]), { command: "cat", arguments: ["-f"] }))
  it("no command, or an option nobody knows, is refused", () => {
    assert.deepStrictEqual(PrelineArguments.parse(["-f"]), { complaint: undefined })
    assert.deepStrictEqual(PrelineArguments.parse(["-x", "cat"]), { complaint: "illegal option -- x" })
  })
})
