/** The built server in a home of its own, as an administrator starts it; tests talk to it from outside. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process"
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { onTestFinished } from "vitest"
import { Conversation } from "../../bench/conversation.mjs"

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
  readonly signal: (signal: NodeJS.Signals) => void
  /** Resolves with the exit code, or the signal's name. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | NodeJS.Signals>
}

/** A test that failed has left its server behind. */
const running = new Set<ChildProcess>()
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")))

/** A program that is no server of ours; it and all that it starts are gone when the test is over, however it ends. */
export const bystander = (command: string, words: ReadonlyArray<string>) => {
  const child = spawn(command, words, { detached: true, stdio: ["ignore", "pipe", "pipe"] })
  const end = (): void => {
    try {
      process.kill(-child.pid!, "SIGKILL")
    } catch {
      // All of them are gone.
    }
  }
  onTestFinished(end)
  return { child, end, isThere: () => child.exitCode === null && child.signalCode === null }
}

/**
 * Resolves when the server has said on which port it is ready. `more`: words behind `thresher start`. `before`: a
 * command of the shell that starts it. `uid`: for root.
 */
export const startServer = async (
  home: string,
  more: ReadonlyArray<string> = [],
  { before = ":", uid }: { readonly before?: string; readonly uid?: number } = {}
): Promise<RunningServer> => {
  const logFile = join(home, "log")
  const descriptor = openSync(logFile, "w")
  const words = [program("thresher"), "start", "--home", home, "--listen", "127.0.0.1:0", ...more]
  const child = spawn("/bin/sh", ["-c", `${before}; exec "$0" "$@"`, ...words], {
    stdio: ["ignore", descriptor, descriptor],
    ...(uid !== undefined && { uid, gid: uid })
  })
  closeSync(descriptor)
  running.add(child)
  const ended = new Promise<number | NodeJS.Signals>((told) => {
    child.on("exit", (code, signal) => {
      running.delete(child)
      told(signal ?? code ?? -1)
    })
  })
  const log = () => readFileSync(logFile, "latin1")
  return {
    port: await readyPort(child, log),
    pid: child.pid!,
    ending: () => child.signalCode ?? child.exitCode ?? undefined,
    log,
    signal: (signal) => void child.kill(signal),
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

/** Looks every few milliseconds; gives up after 20 seconds, saying what it waited for. */
export const until = async (what: string, isSo: () => boolean, more: () => string = () => ""): Promise<void> => {
  for (let look = 0; look < 1000; look++) {
    if (isSo()) return
    await sleep(20)
  }
  throw new Error(`waited in vain: ${what}\n${more()}`)
}

/** Runs `thresher` to its end. */
export const thresher = (
  words: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>> = {}
): { readonly code: number | null; readonly out: string; readonly complaint: string } => {
  const { status, stderr, stdout } = spawnSync(program("thresher"), words, {
    encoding: "latin1",
    env: { PATH: process.env["PATH"], ...environment }
  })
  return { code: status, out: stdout, complaint: stderr }
}

/** One SMTP session: says the lines, each when the one before is answered; gives the last line of each reply. */
export const converse = async (port: number, lines: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const smtp = await Conversation.open(port)
  const replies: Array<string> = []
  for (const line of lines) replies.push(await smtp.say(`${line}\r\n`))
  smtp.close()
  return replies
}

/** The commands of one letter; the text may have many lines. */
export const letter = (
  from: string,
  to: ReadonlyArray<string>,
  text = "Subject: x\r\n\r\nhello"
): ReadonlyArray<string> => [
  `MAIL FROM:<${from}>`,
  ...to.map((recipient) => `RCPT TO:<${recipient}>`),
  "DATA",
  `${text}\r\n.`
]

/** Files anywhere below queue/ that hold a message or a part of one; spares in pid/ wait for the next one. */
export const queueFiles = (home: string): ReadonlyArray<string> =>
  ["pid", "mess", "intd", "todo", "info", "local", "remote", "bounce"].flatMap((folder) =>
    readdirSync(join(home, "queue", folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith("spare."))
      .map((entry) => `${folder}/${entry.name}`)
  )

/** What lies in new/ of a user's Maildir. */
export const mailOf = (home: string, user: string): ReadonlyArray<string> => {
  const directory = join(home, "mail", user, "Maildir/new")
  return readdirSync(directory)
    .sort()
    .map((name) => readFileSync(join(directory, name), "latin1"))
}
