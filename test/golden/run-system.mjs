// Runs a case of system.jsonl: qmail-start with everything real in the home of site.mjs. Gives the log, the mailboxes
// and the kinds of files left in the queue.
import { spawn, spawnSync } from "node:child_process"
import { chmodSync, chownSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync } from "node:fs"
import { readdirSync, rmSync, writeFileSync } from "node:fs"
import { hostname, tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { cleanQueue, get, makeMask, put, startServer } from "./run-golden.mjs"

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

export const runSystem = async (test, home) => {
  const scratch = mkdtempSync(join(tmpdir(), "golden-system-"))
  chmodSync(scratch, 0o755)
  const replies = test.smtp_server_replies?.map((send) => ({ send }))
  const server = replies && (await startServer({ replies }))
  const places = { HOME: `${scratch}/home`, ALIASHOME: `${scratch}/alias`, PORT: String(server?.port ?? 0) }
  const fill = (text) => Object.entries(places).reduce((all, [name, value]) => all.replaceAll(`{${name}}`, value), text)
  try {
    configure(test, home, places, fill)
    const begun = Date.now() / 1000
    const daemon = await start(test, home, fill)
    for (const { envelope, message } of test.inject) {
      inject(home, scratch, { envelope: fill(envelope), message: fill(message) })
      await settled(home, daemon)
    }
    await daemon.stop()
    const mask = maskOf(places, begun)
    const log = maskLog(mask(Buffer.from(daemon.log(), "latin1")).toString("latin1"))
    return { log, mailboxes: mailboxes(test, places, mask), queue_left: queueLeft(home) }
  } finally {
    server?.srv.close()
    server?.srv.closeAllConnections?.()
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** What was recorded, with the masks that the record itself lacks. */
export const expectedOf = ({ log, ...rest }) => ({ log: maskLog(log), ...rest })

const configure = (test, home, places, fill) => {
  rmSync(`${home}/control`, { recursive: true, force: true })
  rmSync(`${home}/users`, { recursive: true, force: true })
  const assign = test["users/assign"]
  writeFiles(`${home}/control`, test.control, fill)
  writeFiles(`${home}/users`, { assign }, fill)
  for (const [name, files] of [
    ["HOME", test.home_files],
    ["ALIASHOME", test.alias_files]
  ]) {
    // Whose a home is stands in users/assign: `...:uid:gid:{HOME}:...`
    const owner = /:(\d+):(\d+):$/
      .exec(assign.split(`{${name}}`)[0])
      ?.slice(1)
      .map(Number)
    writeFiles(places[name], files, fill, owner)
  }
  const { status, stderr } = spawnSync(`${home}/bin/qmail-newu`, [], { encoding: "utf8" })
  if (status !== 0) throw new Error(`qmail-newu: ${stderr}`)
  cleanQueue(home)
}

/** A name that ends in a slash is a directory. */
const writeFiles = (root, files, fill, owner) => {
  mkdirSync(root, { recursive: true, mode: 0o755 })
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name)
    mkdirSync(name.endsWith("/") ? path : dirname(path), { recursive: true })
    if (!name.endsWith("/")) writeFileSync(path, fill(content), "latin1")
  }
  if (owner === undefined) return
  const below = readdirSync(root, { recursive: true }).map((path) => join(root, path))
  for (const path of [root, ...below]) chownSync(path, ...owner)
}

/** In a process group of its own, so that nothing of it is left. LOGGER passes on what it is told to the same output. */
const start = async (test, home, fill) => {
  const args = test.args.map((word) => (word === "LOGGER" ? "cat" : fill(word)))
  const child = spawn(`${home}/bin/qmail-start`, args, {
    cwd: "/",
    detached: true,
    env: { PATH: path(home) },
    stdio: ["ignore", "pipe", "inherit"]
  })
  let log = ""
  child.stdout.on("data", (piece) => (log += piece.toString("latin1")))
  const loggerEnded = new Promise((resolve) => child.on("close", resolve))
  const kill = () => process.kill(-child.pid, "SIGKILL")
  const daemon = {
    log: () => log,
    stop: async () => {
      child.kill("SIGTERM")
      const timer = setTimeout(kill, patience)
      await loggerEnded
      clearTimeout(timer)
    }
  }
  for (const begun = Date.now(); !log.includes("status: local 0/"); await sleep(10))
    if (Date.now() - begun > patience) {
      kill()
      throw new Error(`qmail-start does not start: ${log}`)
    }
  return daemon
}

const path = (home) => `${home}/bin:/usr/bin:/bin`

const inject = (home, scratch, { envelope, message }) => {
  writeFileSync(`${scratch}/message`, message, "latin1")
  writeFileSync(`${scratch}/envelope`, envelope, "latin1")
  const stdio = [openSync(`${scratch}/message`, "r"), openSync(`${scratch}/envelope`, "r"), "inherit"]
  const { error, status } = spawnSync(`${home}/bin/qmail-queue`, [], { stdio })
  for (const fd of stdio.slice(0, 2)) closeSync(fd)
  if (status !== 0) throw new Error(`qmail-queue: ${error ?? status}`)
}

/** Nothing under way, and for a while nothing said; at once where nothing is left to be done. */
const settled = async (home, daemon) => {
  let [last, since] = ["", Date.now()]
  for (const begun = Date.now(); Date.now() - begun < patience; await sleep(20)) {
    const log = daemon.log()
    const isIdle = /status: local 0\/\d+ remote 0\/\d+\n(?:(?!status: |starting ).*\n)*$/.test(log)
    const left = queueLeft(home)
    if (log !== last || !isIdle || left.some((file) => /^(intd|todo)/.test(file))) [last, since] = [log, Date.now()]
    else if (Date.now() - since > (left.length === 0 ? 100 : quiet)) return
  }
  throw new Error(`it does not come to rest:\n${daemon.log()}`)
}

const filesBelow = (root) =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1))
    .sort()

const queueLeft = (home) =>
  filesBelow(`${home}/queue`)
    .filter((file) => !file.startsWith("lock/"))
    .map((file) => file.replace(/\d+/g, "N"))
    .sort()

const mailboxes = (test, places, mask) => {
  const found = {}
  for (const [name, given] of [
    ["HOME", test.home_files],
    ["ALIASHOME", test.alias_files]
  ])
    for (const file of filesBelow(places[name])) {
      if (given[file] !== undefined) continue
      const content = readFileSync(`${places[name]}/${file}`)
      put(found, mask(Buffer.from(`{${name}}/${file}`)).toString(), mask(content))
    }
  return found
}

const maskOf = (places, begun) => {
  const paths = [
    [places.HOME, "{HOME}"],
    [places.ALIASHOME, "{ALIASHOME}"],
    // Without a server the port is 0, which stands in many a time of day.
    ...(places.PORT === "0" ? [] : [[`:${places.PORT}`, ":{PORT}"]])
  ]
  return makeMask({ paths, t0: begun, hostname: hostname().slice(0, 63) })
}

/** {MSG1}, {MSG2}: in the order of their arrival, for a number may come again. */
const maskLog = (log) => {
  const names = new Map()
  let count = 0
  return log
    .replace(/\b(new msg|msg) (\d+)/g, (_, what, id) => {
      if (what === "new msg") names.set(id, `{MSG${++count}}`)
      return `${what} ${names.get(id) ?? id}`
    })
    .replace(/\bbounce\/(?:\d+|\{MSG\d+\})/g, "bounce/{MSG}")
    .replace(/\bbytes \d+/g, "bytes {BYTES}")
    .replace(/\bqp \d+/g, "qp {PID}")
    .replace(/\/qp_\d+(?=\/)/g, "/qp_{PID}")
    .replace(/\buid \d+/g, "uid {UID}")
}

/** Milliseconds: for how long a system with deferred mail has to be silent, and how long it may take for anything. */
const [quiet, patience] = [700, 20000]
