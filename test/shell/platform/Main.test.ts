import { afterAll, assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "../../..")
const scratch = mkdtempSync(join(tmpdir(), "thresher-main-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
const builtNode = join(root, "node_modules/.bin/node")
const node = existsSync(builtNode) ? builtNode : process.execPath

describe("What goes wrong in node is one line and 111", () => {
  /** Node says the same to a client whose connection is descriptor 2. */
  const run = (trouble: string) => {
    const file = join(scratch, "trouble.mjs")
    writeFileSync(
      file,
      `import * as Effect from "${root}/node_modules/effect/dist/Effect.js"
import * as Main from "${root}/src/shell/platform/Main.ts"
const trouble = () => { ${trouble} }
Main.run("example", Effect.callback((resume) => { setImmediate(trouble); setTimeout(() => resume(Effect.succeed(0)), 50) }))`
    )
    const { status, stderr } = spawnSync(node, [file], { encoding: "utf8" })
    return [status, stderr]
  }
  for (const [what, trouble, said] of [
    ["an exception that nobody catches", `throw new Error("one\\ntwo")`, "Error: one"],
    ["a second one", `process.nextTick(() => { throw 2 }); throw new TypeError("first")`, "TypeError: first"],
    ["a rejection that nobody waits for", `Promise.reject(new RangeError("far"))`, "RangeError: far"],
    ["what is no error", `throw undefined`, "undefined"]
  ] as const)
    it(what, () => assert.deepStrictEqual(run(trouble), [111, `example: fatal: internal bug: ${said}\n`]))
  for (const [what, trouble] of [
    ["a warning", `process.emitWarning("look out")`],
    ["a deprecation", `process.emitWarning("old", "DeprecationWarning", "DEP0000")`],
    ["SIGUSR1, which starts node's debugger,", `process.kill(process.pid, "SIGUSR1")`],
    ["listeners that grow", `for (let i = 0; i < 20; i++) process.on("SIGUSR2", () => {})`]
  ] as const)
    it(`but ${what} is nobody's business`, () => assert.deepStrictEqual(run(trouble), [0, ""]))
})
