import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as LongOptions from "../../../src/core/command/LongOptions.ts"

const known = { options: ["host"], switches: ["json"] }
const words = (options: Readonly<Record<string, ReadonlyArray<string>>>, ...plain: ReadonlyArray<string>) =>
  Result.succeed({ options: new Map(Object.entries(options)), plain })

describe("LongOptions.split", () => {
  for (const [args, split] of [
    [[], words({})],
    [["a", "b"], words({}, "a", "b")],
    [["a", "--json", "b"], words({ json: [""] }, "a", "b")],
    [["--host", "x", "--host=y"], words({ host: ["x", "y"] })],
    [["--host=", "-"], words({ host: [""] }, "-")],
    [["--host=a=b\nc"], words({ host: ["a=b\nc"] })],
    [["--host", "--json"], words({ host: ["--json"] })],
    [["--json", "--", "--host", "-x"], words({ json: [""] }, "--host", "-x")],
    [["--host"], Result.fail("option --host wants a value")],
    [["--json=1"], Result.fail("unknown option: --json=1")],
    [["--hosts", "x"], Result.fail("unknown option: --hosts")],
    [["-h"], Result.fail("unknown option: -h")]
  ] as const)
    it(args.join(" ") || "nothing", () => assert.deepStrictEqual(LongOptions.split(known, args), split))

  it("the last one counts", () =>
    assert.strictEqual(
      LongOptions.last(Result.getOrThrow(LongOptions.split(known, ["--host=x", "--host=y"])), "host"),
      "y"
    ))
})
