import { assert, describe, it } from "@effect/vitest"
import * as Interpreter from "../../../src/core/home/Interpreter.ts"

const all =
  "#!/usr/bin/env -S -uNODE_OPTIONS -uNODE_CHANNEL_FD -uNODE_DEBUG -uNODE_V8_COVERAGE -uNODE_DEBUG_NATIVE " +
  "-uNODE_COMPILE_CACHE NODE_WAS=${NODE_OPTIONS} /opt/node --disable-sigusr1 --openssl-config=/dev/null"
const pathOf = (bytes: number) => `/${"d".repeat(bytes - 6)}/node`

describe("Interpreter.line", () => {
  it("leaves out what would steer node, and keeps NODE_OPTIONS for others", () =>
    assert.strictEqual(Interpreter.line("/opt/node", true), all))
  it("is node alone where env cannot do that, or would take the path for something else", () => {
    assert.strictEqual(Interpreter.line("/opt/node", false), "#!/opt/node")
    assert.strictEqual(Interpreter.line("/a=b/node", true), "#!/a=b/node")
  })
  for (const [path, quoted] of [
    ["/my programs/node", "'/my programs/node'"],
    ["/d'Arc/no\\de/node", "'/d\\'Arc/no\\\\de/node'"],
    ["/$HOME/#/node", "'/$HOME/#/node'"]
  ] as const)
    it(`quotes ${path}`, () => assert.include(Interpreter.line(path, true), ` ${quoted} --disable-sigusr1`))
  it("is never cut by the kernel: with a longer path it leaves out less, and NODE_OPTIONS last", () => {
    for (let bytes = 6; bytes < 300; bytes++) {
      const line = Interpreter.line(pathOf(bytes), true)
      const isCut = line.length > 255
      assert.strictEqual(isCut && line.startsWith("#!/usr"), false, `${bytes}`)
      assert.strictEqual(line.includes("-uNODE_OPTIONS"), bytes <= 204, `${bytes}`)
      if (bytes <= 60) assert.include(line, "-uNODE_COMPILE_CACHE")
    }
  })
})

describe("Interpreter.isOurs", () => {
  for (const [program, expected] of [
    [`${all}\n`, true],
    ["#!/opt/node\n", true],
    ["#!/usr/local/bin/node22\n", true],
    ["#!/bin/sh\nexec node x\n", false],
    ["#!/bin/sh /opt/node\n", false],
    ["\x7fELF node", false]
  ] as const)
    it(`${JSON.stringify(program.slice(0, 30))}: ${expected}`, () =>
      assert.strictEqual(Interpreter.isOurs(program), expected))
})

describe("Interpreter.asGiven", () => {
  for (const [what, found, given] of [
    ["NODE_OPTIONS comes back", { A: "1", NODE_WAS: "--x" }, { A: "1", NODE_OPTIONS: "--x" }],
    ["the caller had none", { A: "1", NODE_WAS: "" }, { A: "1" }],
    ["node was started by itself", { A: "1", NODE_OPTIONS: "--x" }, { A: "1", NODE_OPTIONS: "--x" }]
  ] as ReadonlyArray<readonly [string, Record<string, string>, Record<string, string>]>)
    it(what, () => assert.deepStrictEqual({ ...Interpreter.asGiven(found) }, given))
})
