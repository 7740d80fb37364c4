// Adds up what vitest and the golden runner printed, and prints it as the last line.
import { readFileSync } from "node:fs"

const [, , log, status] = process.argv
const text = readFileSync(log, "utf8").replace(/\x1b\[[0-9;]*m/g, "")
const counts = { passed: 0, failed: 0, skipped: 0 }
for (const line of text.split("\n")) {
  const isTotal = /^\s*Tests\s/.test(line) || /^golden in all:/.test(line) || /^first mail:/.test(line)
  if (!isTotal) continue
  for (const [, number, what] of line.matchAll(/(\d+) (passed|failed|skipped)/g)) counts[what] += Number(number)
}
// A step that failed without a failed test (types, lint, build) is a failure all the same.
if (status !== "0" && counts.failed === 0) counts.failed = 1
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
