// Our own server, in a fresh home, on a loopback port: what an administrator gets from `thresher init`, and the few
// control files that each measurement names.
import { execFileSync, spawn } from "node:child_process"
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { sleep } from "./statistics.mjs"

export const programs = fileURLToPath(new URL("../dist/bin/", import.meta.url))

export const isBuilt = () => existsSync(join(programs, "thresher"))

export const makeHome = (below, name = "home") => {
  const home = mkdtempSync(join(below, `thresher-${name}-`))
  execFileSync(join(programs, "thresher"), ["init", "--home", home, "--domain", "local.test"], { stdio: "ignore" })
  return home
}

/** The modes of postfix.mjs; accept only is no local delivery at all. */
const modeControls = {
  hold: () => ({ concurrencylocal: "0" }),
  still: () => ({ concurrencylocal: "0", concurrencyremote: "0" }),
  local: () => ({}),
  relay: (sinkPort) => ({ smtproutes: `:127.0.0.1:${sinkPort}`, relayclients: "127." })
}

export const startThresher = async (below, mode, sinkPort) => startIn(makeHome(below, mode), mode, sinkPort)

export const startIn = async (home, mode, sinkPort) => {
  for (const [file, line] of Object.entries(modeControls[mode](sinkPort))) {
    writeFileSync(join(home, "control", file), `${line}\n`)
  }
  const logFile = join(home, "log")
  const log = openSync(logFile, "w")
  const server = spawn(join(programs, "thresher"), ["start", "--home", home, "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", log, log]
  })
  const ended = new Promise((resolve) => server.on("exit", resolve))
  const port = await readyPort(logFile, server)
  return {
    name: "ours",
    port,
    pid: server.pid,
    home,
    maildir: join(home, "alias/Maildir"),
    stop: async () => {
      server.kill("SIGTERM")
      const late = setTimeout(() => server.kill("SIGKILL"), 15_000)
      await ended
      clearTimeout(late)
      rmSync(home, { recursive: true, force: true })
    }
  }
}

/** The port of the line that begins with `ready`. */
const readyPort = async (logFile, server) => {
  for (let waited = 0; waited < 15_000 && server.exitCode === null; waited += 20) {
    const found = /^ready\b.*?127\.0\.0\.1:(\d+)/m.exec(readFileSync(logFile, "latin1"))
    if (found) return Number(found[1])
    await sleep(20)
  }
  server.kill("SIGKILL")
  throw new Error(`thresher start said nothing of being ready: ${readFileSync(logFile, "latin1").slice(0, 500)}`)
}
