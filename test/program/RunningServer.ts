/** The built server in a home of its own, as an administrator starts it; tests talk to it from outside. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

export const program = (name: string): string => resolve(import.meta.dirname, "../../dist/bin", name)

/** A home for local.test, as `thresher init` makes it, and control files changed or added (one line each). */
export const makeHome = (controls: Readonly<Record<string, string>> = {}): string => {
  const home = mkdtempSync(join(tmpdir(), "thresher-test-"))
  execFileSync(program("thresher"), ["init", "--home", home, "--domain", "local.test"], { stdio: "ignore" })
  for (const [name, line] of Object.entries(controls)) writeFileSync(join(home, "control", name), `${line}\n`)
  return home
}

export const removeHome = (home: string): void => rmSync(home, { recursive: true, force: true })

export interface RunningServer {
  readonly port: number
  readonly pid: number
  /** How it ended, if it has. */
  readonly ending: () => number | NodeJS.Signals | undefined
  /** Everything it printed so far. */
  readonly log: () => string
  /** Resolves with the exit code, or the signal's name. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | NodeJS.Signals>
}

/** Resolves when the server has said on which port it is ready. */
export const startServer = async (home: string): Promise<RunningServer> => {
  const logFile = join(home, "log")
  const descriptor = openSync(logFile, "w")
  const child = spawn(program("thresher"), ["start", "--home", home, "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", descriptor, descriptor]
  })
  closeSync(descriptor)
  const ended = new Promise<number | NodeJS.Signals>((told) => {
    child.on("exit", (code, signal) => told(signal ?? code ?? -1))
  })
  const log = () => readFileSync(logFile, "latin1")
  return {
    port: await readyPort(child, log),
    pid: child.pid!,
    ending: () => child.signalCode ?? child.exitCode ?? undefined,
    log,
    end: (signal) => {
      child.kill(signal)
      return ended
    }
  }
}

const readyPort = async (child: ChildProcess, log: () => string): Promise<number> => {
  for (let look = 0; look < 1000 && child.exitCode === null; look++) {
    const found = /^ready\b.*?127\.0\.0\.1:(\d+)/m.exec(log())
    if (found !== null) return Number(found[1])
    await sleep(20)
  }
  child.kill("SIGKILL")
  throw new Error(`the server is not ready: ${log()}`)
}

/** The files in new/ of the Maildir that takes every local part, oldest name first. */
export const arrivals = (home: string): ReadonlyArray<string> => {
  const directory = join(home, "alias/Maildir/new")
  return readdirSync(directory)
    .sort()
    .map((name) => join(directory, name))
}

/** Waits until so many have arrived, or gives up when for 20 seconds none has. */
export const awaitArrivals = async (home: string, count: number): Promise<ReadonlyArray<string>> => {
  let before = -1
  for (let still = 0; still < 1000; still++) {
    const files = arrivals(home)
    if (files.length >= count) return files
    if (files.length !== before) still = 0
    before = files.length
    await sleep(20)
  }
  throw new Error(`${before} of ${count} messages arrived`)
}
