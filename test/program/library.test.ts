/** The library as its users see it: a small consumer is compiled against dist/lib and run. */
import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "../..")

const consumer = `
import * as RetrySchedule from "thresher-mta/core/retry/RetrySchedule"
import * as RecipientRoute from "thresher-mta/core/route/RecipientRoute"
import * as ControlMap from "thresher-mta/core/control/ControlMap"
import { EpochSeconds } from "thresher-mta/core/Time"

const plan: RetrySchedule.Plan = RetrySchedule.plan({
  channel: "remote",
  birth: EpochSeconds(1000),
  now: EpochSeconds(1000),
  lifetime: 604800
})
console.log(plan.retryAt - 1000, plan.lastAttempt)

const route = RecipientRoute.route({
  locals: ControlMap.setOf(["example.org"]),
  virtualdomains: ControlMap.mapOf(["virt.example:joe"]),
  percenthack: ControlMap.emptySet,
  envnoathost: "example.org"
}, "info@virt.example")
console.log(route.channel, route.address)
`

describe("The library", () => {
  it("compiles in a project of somebody else, under strict, and runs without any I/O of ours", () => {
    const project = mkdtempSync(join(tmpdir(), "thresher-library-"))
    try {
      mkdirSync(join(project, "node_modules"))
      symlinkSync(root, join(project, "node_modules/thresher-mta"))
      writeFileSync(join(project, "package.json"), '{ "type": "module" }')
      writeFileSync(join(project, "consumer.ts"), consumer)
      const tsc = join(root, "node_modules/.bin/tsc")
      const options = ["--strict", "--module", "nodenext", "--target", "es2024", "--lib", "es2024,dom", "--types", ""]
      execFileSync(tsc, [...options, "consumer.ts"], { cwd: project, stdio: "pipe", encoding: "utf8" })
      const output = execFileSync(process.execPath, ["consumer.js"], { cwd: project, encoding: "utf8" })
      assert.strictEqual(output, "400 false\nlocal joe-info@virt.example\n")
    } catch (error) {
      assert.fail(`${(error as { stdout?: string }).stdout ?? ""}${String(error)}`)
    } finally {
      rmSync(project, { recursive: true, force: true })
    }
  })
})
