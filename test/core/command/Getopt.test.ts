import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Getopt from "../../../src/core/command/Getopt.ts"

const read = (letters: string, ...args: ReadonlyArray<string>): string =>
  Result.match(Getopt.parse(letters, args), {
    onFailure: (complaint) => `! ${complaint}`,
    onSuccess: ({ options, rest }) =>
      [...options.map(({ letter, value }) => `${letter}=${value}`), "|", ...rest].join(" ")
  })

describe("Getopt", () => {
  for (const [args, expected] of [
    [["-a", "x"], "a= | x"],
    [["-ab", "x", "-a"], "a= b= | x -a"],
    [["-fme@x", "you"], "f=me@x | you"],
    [["-f", "me@x", "you"], "f=me@x | you"],
    [["-af", "", "you"], "a= f= | you"],
    [["-a", "--", "-b"], "a= | -b"],
    [["--help", "x"], "| x"],
    [["-", "-a"], "| - -a"],
    [["-z"], "! illegal option -- z"],
    [["-a:"], "! illegal option -- :"],
    [["-f"], "! option requires an argument -- f"],
    [[], "|"]
  ] as const)
    it(`reads [${args.join(" ")}] as ${expected}`, () => assert.strictEqual(read("abf:", ...args), expected))

  for (const [args, expected] of [
    [["-Eabc", "x"], "E=abc | x"],
    [["-E", "x"], "E= | x"],
    [["-aE", "x"], "a= E= | x"]
  ] as const)
    it(`reads [${args.join(" ")}] as ${expected} if E takes the rest of its word`, () =>
      assert.strictEqual(read("abE::", ...args), expected))

  it("scan keeps what stands before a bad option", () =>
    assert.deepStrictEqual(Getopt.scan("ab", ["-az", "-b", "x"]), {
      options: [{ letter: "a", value: "" }],
      rest: [],
      complaint: "illegal option -- z"
    }))
})
