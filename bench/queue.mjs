// How long `thresher queue` takes for everything in a large queue, without and with a running server:
// node bench/queue.mjs [--messages 10000] [--only delete,hold] [--dir DIR]
import { spawnSync } from "node:child_process"
import { mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import { parseArgs } from "node:util"
import { round } from "./statistics.mjs"
import { makeHome, programs, startIn } from "./thresher.mjs"

const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "10000" },
    only: { type: "string" },
    dir: { type: "string", default: tmpdir() }
  }
})
const messages = Number(values.messages)
const split = 23

/** Messages of S5 with one recipient each, as qmail-send leaves them: the number is the inode of the text. */
const fill = (home) => {
  const queue = join(home, "queue")
  const soon = Date.now() / 1000 + 86400
  for (let made = 0; made < messages; made++) {
    const unborn = join(queue, `pid/bench${made}`)
    writeFileSync(unborn, `Received: (qmail 1 invoked by uid 2); then\nSubject: ${made}\n\nbody\n`)
    const id = statSync(unborn).ino
    const place = `${id % split}/${id}`
    const [channel, domain] = made % 2 === 0 ? ["remote", "far.test"] : ["local", "local.test"]
    renameSync(unborn, join(queue, "mess", place))
    writeFileSync(join(queue, channel, place), `Tuser${made}@${domain}\0`, { mode: 0o600 })
    utimesSync(join(queue, channel, place), soon, soon)
    writeFileSync(join(queue, "info", place), "Fsender@bench.test\0", { mode: 0o600 })
  }
}

const count = (home) =>
  Array.from({ length: split }, (_, i) => readdirSync(join(home, "queue/info", `${i}`)).length).reduce((a, b) => a + b)

const timed = (home, words) => {
  const begin = performance.now()
  const ended = spawnSync(join(programs, "thresher"), ["queue", ...words, "--home", home], { maxBuffer: 1 << 28 })
  const seconds = round((performance.now() - begin) / 1000, 2)
  if (ended.status !== 0) throw new Error(`thresher queue ${words[0]}: ${ended.status} ${ended.stderr}`.slice(0, 500))
  return seconds
}

const figures = {}

/** Each begins with a full queue of its own. Two in a row: the second is about what the first has made of it. */
const cases = [
  [["list"], ["show", "--all"]],
  [
    ["hold", "--all"],
    ["release", "--all"]
  ],
  [["retry", "--all"]],
  [["bounce", "--all", "--reason", "x"]],
  [["delete", "--all", "--reason", "x"]],
  // These want the queue for themselves.
  [
    ["export", "EXPORTED", "--all"],
    ["import", "EXPORTED"]
  ]
]

const measure = async (below, when, commands) => {
  const home = makeHome(below, "queue")
  const exported = join(below, "exported")
  fill(home)
  const server = when === "with a server" ? await startIn(home, "still") : undefined
  for (const [name, ...words] of commands) {
    const begin = performance.now()
    const places = words.map((word) => (word === "EXPORTED" ? exported : word))
    const ended = spawnSync(join(programs, "thresher"), ["queue", name, ...places, "--home", home], {
      maxBuffer: 1 << 28
    })
    const seconds = round((performance.now() - begin) / 1000)
    ;(figures[when] ??= {})[name] = seconds
    const trouble = ended.status === 0 ? "" : ` (exit code ${ended.status}: ${String(ended.stderr).slice(0, 200)})`
    console.error(`${when}: ${name}: ${seconds} s${trouble}`)
  }
  await server?.stop()
  for (const directory of [home, exported]) rmSync(directory, { recursive: true, force: true })
}

const below = mkdtempSync(join(values.dir, "bench-queue-"))
const only = values.only?.split(",")
for (const commands of cases) {
  if (only !== undefined && !commands.some(([name]) => only.includes(name))) continue
  const isMoving = commands[0][0] === "export"
  for (const when of isMoving ? ["stopped"] : ["stopped", "with a server"]) await measure(below, when, commands)
}
rmSync(below, { recursive: true })
console.log(JSON.stringify({ messages, seconds: figures }))
