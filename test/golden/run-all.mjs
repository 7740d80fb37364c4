// Runs every recorded case against dist/bin and prints the counts. Exits 0 when each case passes or stands, with
// its reason, in differences.json (and so in docs/DIFFERENCES.md).
//   node test/golden/run-all.mjs [--jobs N] [SET...]
import { spawnSync } from "node:child_process"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  chmodSync
} from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { runApart } from "./run-apart.mjs"
import { diffObj, makeQueue, runCase } from "./run-golden.mjs"
import { expectedOf, runSystem } from "./run-system.mjs"
import * as Site from "./site.mjs"

const here = dirname(fileURLToPath(import.meta.url))
const bin = resolve(here, "../../dist/bin")
const words = process.argv.slice(2)
const jobs = words[0] === "--jobs" ? Number(words.splice(0, 2)[1]) : Math.max(2, availableParallelism())
const sets =
  words.length > 0
    ? words
    : ["inject", "sendmail", "local", "smtpd", "queue", "remote", "tools", "send", "system", "system-more"]
const differences = JSON.parse(readFileSync(join(here, "differences.json"), "utf8"))

const isRoot = process.getuid() === 0
const noSite = Site.enter(bin)
const home = mkdtempSync(join(tmpdir(), "thresher-golden-"))
chmodSync(home, 0o755)
const roots = Array.from({ length: jobs }, (_, i) => join(home, `${i}`))
for (const root of roots) {
  for (const directory of ["control", "users", "queue", "alias"]) mkdirSync(join(root, directory), { recursive: true })
  symlinkSync(bin, join(root, "bin"))
  // Where there is no set-uid qmail-queue as it was recorded, other users than root need an open queue.
  const umask = process.umask(0)
  makeQueue(root)
  process.umask(umask)
  writeFileSync(join(root, "queue/lock/sendmutex"), "")
  spawnSync("mkfifo", ["-m", "622", join(root, "queue/lock/trigger")])
}

// Other users may be unable even to reach the programs.
const nobodyReaches =
  isRoot && spawnSync(join(bin, "qmail-queue"), ["--"], { uid: 65534, gid: 65534, input: "" }).error === undefined

/** In the installed home of the site: what only its users, its set-uid qmail-queue or its /dev/log can do. */
const isOfSite = (test) =>
  test.runner === false || (test.program === "qmail-queue" && test.uid !== undefined && noSite === undefined)

/** Why a case is not run on this machine, or undefined. */
const reasonToSkip = (test) => {
  if (isOfSite(test)) return noSite ?? (test.program === "splogger" && !Site.hasPerl ? "needs perl" : undefined)
  if (test.requires_root && !isRoot) return "needs root"
  if (test.uid && test.uid !== "nonroot" && noSite !== undefined) return noSite
  if (test.uid === "nonroot" && isRoot && !nobodyReaches) return "the programs are out of reach of nobody here"
  return undefined
}

let failed = 0
const totals = { passed: 0, failed: 0, skipped: 0, different: 0 }
const skippedFor = {}
for (const set of sets) {
  const cases = readFileSync(join(here, `${set}.jsonl`), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line))
  const count = { passed: 0, failed: 0, skipped: 0, different: 0 }
  // Servers on a port of their own would meet, and so would cases in the one home of the site: one worker runs them.
  const isAlone = (test) => test.server?.port || isOfSite(test)
  const shared = cases.filter((test) => !isAlone(test))
  const alone = cases.filter(isAlone)
  await Promise.all(
    roots.map(async (root, worker) => {
      for (;;) {
        const test = shared.shift() ?? (worker === 0 ? alone.shift() : undefined)
        if (test === undefined) return
        const reason = reasonToSkip(test)
        if (reason !== undefined) {
          count.skipped++
          skippedFor[reason] = (skippedFor[reason] ?? 0) + 1
          continue
        }
        if (!existsSync(join(bin, test.program)) && !/^[/{]/.test(test.program)) {
          count.failed++
          continue
        }
        // A machine under load may be too slow for a case with a clock in it: once more, then it has failed.
        let diffs = await attempt(test, root)
        if (diffs.length > 0 && differences[test.id] === undefined) diffs = await attempt(test, root)
        if (differences[test.id] !== undefined) {
          if (diffs.length > 0) count.different++
          else {
            count.failed++
            console.log(`NO LONGER DIFFERENT ${test.id}: take it out of differences.json`)
          }
        } else if (diffs.length === 0) count.passed++
        else {
          count.failed++
          if (failed++ < 20) {
            console.log(`FAILED ${test.id} (${test.program} ${(test.args ?? []).join(" ")})`)
            for (const [path, want, got] of diffs.slice(0, 6))
              console.log(
                `  ${path}\n    want ${JSON.stringify(want)?.slice(0, 400)}\n    got  ${JSON.stringify(got)?.slice(0, 400)}`
              )
          }
        }
      }
    })
  )
  console.log(
    `golden ${set}: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped, ${count.different} different on purpose`
  )
  for (const key of Object.keys(totals)) totals[key] += count[key]
}
async function attempt(test, root) {
  try {
    if (test.program === "qmail-start") return diffObj(expectedOf(test.expect), await runSystem(test, Site.home))
    if (test.runner === false) return diffObj(test.expect, await runApart(test, Site.home))
    const place = isOfSite(test) ? { root: Site.home, bin: join(Site.home, "bin") } : { root, bin }
    return diffObj(test.expect, await runCase(test, place))
  } catch (error) {
    return [["runner", "", String(error.stack)]]
  }
}
rmSync(home, { recursive: true, force: true })
for (const [reason, count] of Object.entries(skippedFor)) console.log(`golden skipped ${count}: ${reason}`)
console.log(
  `golden in all: ${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped, ${totals.different} different on purpose`
)
process.exit(totals.failed === 0 ? 0 : 1)
