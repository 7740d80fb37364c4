// How long a one-shot program takes from its start to its end: wall and CPU, median of twenty.
// `node` with an empty script is the floor under ours; Postfix's sendmail is the neighbour.
import { spawnSync } from "node:child_process"
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import { waitedCpuMs } from "./figures.mjs"
import { bodyOf, headerOf } from "./load.mjs"
import { startPostfix } from "./postfix.mjs"
import { median, percentile, round } from "./statistics.mjs"
import { makeHome, programs } from "./thresher.mjs"

const runsEach = 20

export const starts = async ({ below, ours, postfix, size, say }) => {
  const message = join(below, "message")
  const envelope = join(below, "envelope")
  const empty = join(below, "empty.cjs")
  writeFileSync(message, (headerOf("start", "bench@local.test") + bodyOf(size)).replaceAll("\r\n", "\n"))
  writeFileSync(envelope, "Fsender@bench.test\0Tbench@local.test\0\0")
  writeFileSync(empty, "")
  const peer = postfix ? await startPostfix(below, "local") : undefined
  const cases = { "node, empty script": { path: builtWith(), args: [empty] } }
  if (ours) {
    const env = { ...process.env, QMAILHOME: makeHome(below) }
    const to = ["bench@local.test"]
    cases["qmail-inject -n"] = { path: join(programs, "qmail-inject"), args: ["-n", ...to], env }
    cases["qmail-inject"] = { path: join(programs, "qmail-inject"), args: to, env }
    cases["qmail-queue"] = { path: join(programs, "qmail-queue"), args: [], env, descriptor1: envelope }
  }
  if (peer) cases["postfix sendmail"] = { ...peer.sendmail, args: ["-i", "bench@local.test"] }
  try {
    const samples = Object.fromEntries(Object.keys(cases).map((name) => [name, []]))
    // By turns, so that a slow minute of the machine is everybody's.
    for (let run = 0; run < runsEach; run++) {
      for (const [name, one] of Object.entries(cases)) samples[name].push(timed({ ...one, message }))
    }
    return Object.fromEntries(
      Object.entries(samples).map(([name, list]) => {
        const result = {
          wallMs: median(list.map(({ wall }) => wall)),
          p95Ms: percentile(
            list.map(({ wall }) => wall),
            0.95
          ),
          cpuMs: round(list.reduce((sum, { cpu }) => sum + cpu, 0) / runsEach, 1),
          failed: list.filter(({ status }) => status !== 0).length
        }
        say(`start of ${name}: ${result.wallMs} ms`)
        return [name, result]
      })
    )
  } finally {
    await peer?.stop()
  }
}

/** The node that our programs' first lines name. */
const builtWith = () => {
  const program = join(programs, "qmail-inject")
  return existsSync(program) ? readFileSync(program, "latin1").slice(2).split("\n")[0] : process.execPath
}

const timed = ({ path, args, env, message, descriptor1 }) => {
  const input = openSync(message, "r")
  const second = descriptor1 === undefined ? openSync("/dev/null", "w") : openSync(descriptor1, "r")
  const cpu = waitedCpuMs()
  const begin = performance.now()
  const { status } = spawnSync(path, args, { env: env ?? process.env, stdio: [input, second, "ignore"] })
  const wall = round(performance.now() - begin)
  closeSync(input)
  closeSync(second)
  return { wall, cpu: waitedCpuMs() - cpu, status }
}
