#!/usr/bin/env node
// The one entry of the benchmarks. Prints JSON; what it is doing goes to stderr. See README.md beside this file.
//   node bench/run.mjs [ingest|local|relay|start|memory|all] [--messages 1000] [--sessions 1,10,50] [--size 4096]
//     [--repeat 3] [--servers ours,postfix] [--dir DIR] [--json FILE]
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs"
import { availableParallelism, release, tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { memory } from "./memory.mjs"
import { startPostfix } from "./postfix.mjs"
import { starts } from "./starts.mjs"
import { isBuilt, startThresher } from "./thresher.mjs"
import { throughput } from "./throughput.mjs"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    messages: { type: "string", default: "1000" },
    sessions: { type: "string", default: "1,10,50" },
    size: { type: "string", default: "4096" },
    repeat: { type: "string", default: "3" },
    servers: { type: "string", default: "ours,postfix" },
    dir: { type: "string", default: tmpdir() },
    json: { type: "string" }
  }
})
const throughputs = ["ingest", "local", "relay"]
const known = [...throughputs, "start", "memory"]
const asked = positionals.length === 0 || positionals.includes("all") ? known : positionals
const servers = values.servers.split(",")
const unknown = [
  ...asked.filter((name) => !known.includes(name)),
  ...servers.filter((name) => name !== "ours" && name !== "postfix")
]
if (unknown.length > 0) {
  console.error(`bench: fatal: unknown: ${unknown.join(" ")}`)
  process.exit(100)
}
const ours = servers.includes("ours")
const postfix = servers.includes("postfix") && process.getuid() === 0
const say = (line) => console.error(`bench: ${line}`)
if (ours && !isBuilt()) {
  console.error("bench: fatal: unable to find dist/bin/thresher: run npm run build first")
  process.exit(111)
}
if (servers.includes("postfix") && !postfix) say("not root: Postfix is left out")

mkdirSync(values.dir, { recursive: true })
/** statfs(2): the type of a file system that forgets; a queue there would measure nothing. */
const tmpfs = 0x01021994
if (statfsSync(values.dir).type === tmpfs) say(`${values.dir} is in memory: fsync costs nothing there, use --dir`)

const below = mkdtempSync(join(values.dir, "thresher-bench-"))
// Postfix's accounts must be able to pass.
chmodSync(below, 0o755)
const result = {
  at: new Date().toISOString(),
  machine: { cpus: availableParallelism(), node: process.version, kernel: release() },
  messages: Number(values.messages),
  size: Number(values.size)
}
try {
  const common = { below, ours, postfix, size: result.size, say }
  const starters = [...(ours ? [startThresher] : []), ...(postfix ? [startPostfix] : [])]
  for (const scenario of asked.filter((name) => throughputs.includes(name))) {
    result[scenario] = {}
    for (const sessions of values.sessions.split(",").map(Number)) {
      const options = { ...common, starters, sessions, messages: result.messages, repeat: Number(values.repeat) }
      result[scenario][sessions] = await throughput(scenario, options)
    }
  }
  if (asked.includes("start")) result.start = await starts(common)
  if (asked.includes("memory")) result.memory = await memory(common)
} finally {
  rmSync(below, { recursive: true, force: true })
}
const text = JSON.stringify(result, null, 2) + "\n"
if (values.json !== undefined) writeFileSync(values.json, text)
process.stdout.write(text)
