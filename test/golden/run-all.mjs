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
import { diffObj, makeQueue, runCase } from "./run-golden.mjs"

const here = dirname(fileURLToPath(import.meta.url))
const bin = resolve(here, "../../dist/bin")
const words = process.argv.slice(2)
const jobs = words[0] === "--jobs" ? Number(words.splice(0, 2)[1]) : Math.max(2, availableParallelism())
const sets =
  words.length > 0 ? words : ["inject", "sendmail", "local", "smtpd", "queue", "remote", "tools", "send", "system"]
const differences = JSON.parse(readFileSync(join(here, "differences.json"), "utf8"))

const isRoot = process.getuid() === 0
const home = mkdtempSync(join(tmpdir(), "thresher-golden-"))
chmodSync(home, 0o755)
const roots = Array.from({ length: jobs }, (_, i) => join(home, `${i}`))
for (const root of roots) {
  for (const directory of ["control", "users", "queue", "alias"]) mkdirSync(join(root, directory), { recursive: true })
  symlinkSync(bin, join(root, "bin"))
  // qmail-queue was recorded as a set-uid program, which a script cannot be: other users need an open queue.
  const umask = process.umask(0)
  makeQueue(root)
  process.umask(umask)
  writeFileSync(join(root, "queue/lock/sendmutex"), "")
  spawnSync("mkfifo", ["-m", "622", join(root, "queue/lock/trigger")])
}

const users = readFileSync("/etc/passwd", "utf8")
  .split("\n")
  .map((line) => line.split(":")[0])
// The recorded machine ran some cases as nobody; here nobody may not even reach the programs.
const nobodyReaches =
  isRoot && spawnSync(join(bin, "qmail-queue"), ["--"], { uid: 65534, gid: 65534, input: "" }).error === undefined

/** Why a case is not run on this machine, or undefined. */
const reasonToSkip = (test) =>
  test.runner === false
    ? test.program === "qmail-start"
      ? "recorded with qmail's users in /var/qmail: test/interchange plays such days"
      : "recorded apart, checked by test/program/databases.test.ts"
    : test.requires_root && !isRoot
      ? "needs root"
      : test.uid && test.uid !== "nonroot" && !users.includes(test.uid)
        ? "needs qmail's users"
        : test.uid === "nonroot" && isRoot && !nobodyReaches
          ? "the programs are out of reach of nobody here"
          : undefined

let failed = 0
const totals = { passed: 0, failed: 0, skipped: 0, different: 0 }
const skippedFor = {}
for (const set of sets) {
  const cases = readFileSync(join(here, `${set}.jsonl`), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line))
  const count = { passed: 0, failed: 0, skipped: 0, different: 0 }
  // Servers on a port of their own would meet: one worker alone runs their cases.
  const shared = cases.filter((test) => !test.server?.port)
  const alone = cases.filter((test) => test.server?.port)
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
    return diffObj(test.expect, await runCase(test, { root, bin }))
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
