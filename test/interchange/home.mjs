// The home under trial: put aside, filled from either side, swapped program by program, run, and put back.
import { execFileSync, spawn, spawnSync } from "node:child_process"
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readdirSync
} from "node:fs"
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
export const refuse = (why) => {
  console.error(`interchange: ${why}`)
  process.exit(2)
}
const hasFiles = (directory) =>
  readdirSync(directory, { withFileTypes: true }).some((entry) =>
    entry.isDirectory() ? hasFiles(join(directory, entry.name)) : true
  )
const account = (name) => {
  const [, , uid, gid, , home] = execFileSync("getent", ["passwd", name], { encoding: "utf8" }).trim().split(":")
  return { name, uid: Number(uid), gid: Number(gid), home }
}

export const prepare = ({ home, ours, user }) => {
  if (process.getuid() !== 0) refuse("only root can become qmail's users")
  for (const program of ["qmail-queue", "qmail-send", "qmail-start"])
    if (!existsSync(join(home, "bin", program))) refuse(`${home} is no qmail home: there is no bin/${program}`)
  for (const kind of ["mess", "todo", "info", "bounce"])
    if (hasFiles(join(home, "queue", kind))) refuse(`there is mail in ${home}/queue/${kind}`)
  if (existsSync(join(home, "control/me"))) refuse(`${home} is set up to be used: it has control/me`)
  const joe = account(user)
  const trial = readdirSync(joe.home).filter((name) => /^(\.qmail|Maildir|Mailbox)/.test(name))
  if (trial.length > 0) refuse(`${joe.home} has mail of its own: ${trial.join(" ")}`)
  const aside = `${home}.put-aside`
  if (existsSync(aside)) refuse(`${aside} is left from an earlier run: put it back first`)
  const accounts = {}
  for (const name of ["qmaild", "qmaill", "qmailp", "qmailq", "qmailr", "qmails"]) accounts[name] = account(name)
  renameSync(home, aside)
  return {
    home,
    aside,
    ours,
    told: tellHome(ours, home),
    joe,
    accounts,
    launcher: buildLauncher(home),
    daemons: new Set()
  }
}

/** Our programs as they are for this home: each knows the home that it was installed for. */
const tellHome = (ours, home) => {
  const destination = mkdtempSync(join(tmpdir(), "interchange-"))
  const env = { PATH: process.env.PATH, QMAILHOME: home, DESTDIR: destination }
  execFileSync(join(ours, "instpackage"), [], { env, stdio: ["ignore", "ignore", 2] })
  return { destination, bin: `${destination}${home}/bin` }
}

/** Null where there is no C compiler: qmail-queue of ours can then be tried as root only. */
const buildLauncher = (home) => {
  const made = join(mkdtempSync(join(tmpdir(), "interchange-")), "launcher")
  const source = join(dirname(fileURLToPath(import.meta.url)), "launcher.c")
  const { status } = spawnSync("cc", ["-O", `-DPROGRAM="${home}/bin/qmail-queue.script"`, "-o", made, source])
  return status === 0 ? made : null
}

export const restore = (trial) => {
  for (const daemon of trial.daemons) daemon.kill("SIGTERM")
  rmSync(trial.home, { recursive: true, force: true })
  renameSync(trial.aside, trial.home)
  rmSync(trial.told.destination, { recursive: true })
  if (trial.launcher !== null) rmSync(dirname(trial.launcher), { recursive: true })
  cleanUser(trial)
}

export const cleanUser = ({ joe }) => {
  for (const name of readdirSync(joe.home))
    if (/^(\.qmail|Maildir|Mailbox|trial)/.test(name)) rmSync(join(joe.home, name), { recursive: true })
}

/** notqmail's tree as it was installed. */
export const fillWithTheirs = ({ aside, home }) => {
  rmSync(home, { recursive: true, force: true })
  execFileSync("cp", ["-a", aside, home])
}

/** A tree made by our `thresher install`; nothing of notqmail's is in it. */
export const fillWithOurs = (trial) => {
  rmSync(trial.home, { recursive: true, force: true })
  mkdirSync(`${trial.home}/control`, { recursive: true, mode: 0o755 })
  execFileSync(join(trial.ours, "thresher"), ["install", "--home", trial.home], { stdio: ["ignore", "ignore", 2] })
  if (trial.launcher !== null) takeOurs(trial, "qmail-queue")
}

/** Scripts must be readable by whoever runs them; qmail-queue needs its set-uid launcher. */
export const takeOurs = (trial, name) => {
  const target = join(trial.home, "bin", name)
  rmSync(target, { force: true })
  if (name === "qmail-queue" && trial.launcher !== null) {
    install(trial, join(trial.told.bin, name), `${target}.script`, 0o755)
    install(trial, trial.launcher, target, 0o4711, trial.accounts.qmailq.uid)
  } else install(trial, join(trial.told.bin, name), target, 0o755)
}
const install = ({ accounts }, from, to, mode, uid = 0) => {
  copyFileSync(from, to)
  chownSync(to, uid, accounts.qmailq.gid)
  chmodSync(to, mode)
}
export const takeTheirs = ({ aside, home }, name) => {
  const target = join(home, "bin", name)
  rmSync(target, { force: true })
  execFileSync("cp", ["-a", join(aside, "bin", name), target])
}

export const path = ({ home }) => `${home}/bin:/usr/bin:/bin`

/** qmail-start with a logger, as rc files start it. */
export const start = async (trial, args = ["./Maildir/", "cat"]) => {
  const file = `${trial.home}/log`
  const fd = openSync(file, "a")
  const before = readFileSync(file, "latin1").length
  const child = spawn(`${trial.home}/bin/qmail-start`, args, {
    stdio: ["ignore", fd, fd],
    env: { PATH: path(trial) },
    cwd: "/"
  })
  closeSync(fd)
  trial.daemons.add(child)
  const ended = new Promise((resolve) =>
    child.on("exit", (code) => {
      trial.daemons.delete(child)
      resolve(code)
    })
  )
  const daemon = {
    pid: child.pid,
    log: () => readFileSync(file, "latin1").slice(before),
    ended,
    kill: (s) => child.kill(s)
  }
  for (let i = 0; !daemon.log().includes("status: local 0/"); i++) {
    if (i > 100) throw new Error(`qmail-start does not start: ${daemon.log()}`)
    await sleep(50)
  }
  return daemon
}

/** Nothing in todo, nobody under way, and nothing said for a while. */
export const settled = async (trial, daemon, quietMs = 900) => {
  let [last, since] = ["", Date.now()]
  for (const begun = Date.now(); Date.now() - begun < 60000; await sleep(60)) {
    const log = daemon.log()
    const todo = readdirSync(`${trial.home}/queue/todo`)
    const status = log.lastIndexOf("status: local")
    const isIdle = /^status: local 0\/\d+ remote 0\/\d+\n/.test(log.slice(status)) && todo.length === 0
    if (log !== last || !isIdle) [last, since] = [log, Date.now()]
    else if (Date.now() - since > quietMs) return
  }
  throw new Error(`it does not come to rest:\n${daemon.log().slice(-1500)}`)
}

export const stop = async (trial, daemon) => {
  daemon.kill("SIGTERM")
  const code = await Promise.race([daemon.ended, sleep(20000).then(() => "did not end within 20 s")])
  await sleep(150) // the spawners and the logger follow
  return code
}

/** Which files the queue holds, with their contents: what a person would see with ls and cat. */
export const queueFiles = ({ home }) => {
  const seen = []
  const walk = (directory) => {
    for (const entry of readdirSync(`${home}/queue/${directory}`, { withFileTypes: true })) {
      const below = `${directory}/${entry.name}`
      if (entry.isDirectory()) walk(below)
      // On which our qmail-send is asked by `thresher queue` (docs/DIFFERENCES.md).
      else if (entry.isSocket()) continue
      else
        seen.push({
          path: below,
          content: readFileSync(`${home}/queue/${below}`, "latin1"),
          stat: statSync(`${home}/queue/${below}`)
        })
    }
  }
  for (const kind of ["pid", "mess", "intd", "todo", "info", "local", "remote", "bounce"]) walk(kind)
  return seen
}

export const writeTree = (root, files, { uid, gid } = {}) => {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), content, "latin1")
    if (uid !== undefined) chownSync(join(root, name), uid, gid)
  }
}
