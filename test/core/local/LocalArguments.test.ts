import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as LocalArguments from "../../../src/core/local/LocalArguments.ts"

const operands = ["joe", "/home/joe", "joe-x", "-", "x", "host", "s@y", "./Mailbox"]
const usage = "qmail-local: usage: qmail-local [ -nN ] user homedir local dash ext domain sender aliasempty\n"

describe("LocalArguments", () => {
  for (const [options, describes] of [
    [[], false],
    [["-n"], true],
    [["-N"], false],
    [["-nN"], false],
    [["-N", "-n", "--"], true]
  ] as const)
    it(`options ${options.join(" ") || "none"}: ${describes ? "describe" : "deliver"}`, () => {
      const parsed = Result.getOrThrow(LocalArguments.parse([...options, ...operands]))
      assert.strictEqual(parsed.describes, describes)
      assert.strictEqual(parsed.address.defaultDelivery, "./Mailbox")
    })
  for (const [what, args, printed] of [
    ["nothing", [], usage],
    ["seven operands", operands.slice(0, 7), usage],
    ["nine operands", [...operands, "x"], usage],
    ["a relative home", operands.with(1, "home"), usage],
    ["an empty home", operands.with(1, ""), usage],
    ["an unknown option", ["-x", ...operands], `qmail-local: illegal option -- x\n${usage}`]
  ] as const)
    it(`${what}: the usage`, () => assert.deepStrictEqual(LocalArguments.parse(args), Result.fail(printed)))
})
