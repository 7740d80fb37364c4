/** What of node shows through: to callers, to clients, and to the programs that ours start. */
import { afterAll, assert, describe, it } from "@effect/vitest"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "../..")
const bin = join(root, "dist/bin")
const scratch = mkdtempSync(join(tmpdir(), "thresher-runtime-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
const home = join(scratch, "home")
for (const directory of ["control", "queue/lock"]) mkdirSync(join(home, directory), { recursive: true })
writeFileSync(join(home, "control/me"), "me.example\n")
symlinkSync(bin, join(home, "bin"))

/** Where env cannot do it, or the path of node is very long, the first line names node alone. */
const leavesOut = readFileSync(join(bin, "tcp-env"), "latin1").split("\n")[0]!.includes(" NODE_WAS=")
const environment = { PATH: process.env["PATH"]!, QMAILHOME: home, PROTO: "TCP" }
const tcpEnv = (command: string, more: Record<string, string> = {}) =>
  spawnSync(join(bin, "tcp-env"), ["sh", "-c", command], { env: { ...environment, ...more }, encoding: "utf8" })

describe("The programs that ours start", () => {
  it.runIf(leavesOut)("find NODE_OPTIONS as it was given, and no traces of how", () => {
    const { stdout } = tcpEnv("env", { NODE_OPTIONS: '--title="a b" --no-such-option', OTHER: "x" })
    const lines = stdout.split("\n")
    assert.include(lines, 'NODE_OPTIONS=--title="a b" --no-such-option')
    assert.include(lines, "OTHER=x")
    assert.notInclude(stdout, "NODE_WAS")
    assert.notMatch(tcpEnv("env").stdout, /^NODE_(OPTIONS|WAS)/m)
  })
  const teller = join(scratch, "teller")
  const told = join(scratch, "told")
  writeFileSync(teller, `#!/bin/sh\necho "$NODE_OPTIONS$NODE_WAS" >"${told}"\ncat >/dev/null\n`, { mode: 0o755 })
  for (const [what, words, input] of [
    ["a program in the place of qmail-queue", ["qmail-inject", "a@example.org"], "\n"],
    [
      "a command of a .qmail file",
      ["qmail-local", "--", "joe", scratch, "joe", "", "", "h", "s@h", `|${teller}`],
      "\n"
    ],
    ["a checker of passwords", ["qmail-popup", "host", teller], "USER joe\r\nPASS x\r\n"],
    ["a command that decides", ["except", teller], ""]
  ] as const)
    it.runIf(leavesOut)(`so does ${what}`, () => {
      rmSync(told, { force: true })
      writeFileSync(join(scratch, "input"), input)
      const [program, ...args] = words
      // qmail-local wants a file.
      const stdin = openSync(join(scratch, "input"), "r")
      spawnSync(join(bin, program), args, {
        env: { ...environment, QMAILQUEUE: teller, NODE_OPTIONS: "--no-such-option" },
        stdio: [stdin, "ignore", "ignore"]
      })
      closeSync(stdin)
      assert.strictEqual(readFileSync(told, "utf8"), "--no-such-option\n")
    })
  it("find their signals as the system gives them, and their name as it was said", () => {
    const { stdout } = tcpEnv('echo "$0"; exec grep -E "^Sig(Blk|Ign)" /proc/self/status')
    assert.strictEqual(stdout, "sh\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n")
  })
})

const said = (child: ChildProcess): (() => string) => {
  let text = ""
  for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (bytes: Buffer) => (text += bytes.toString()))
  return () => text
}
const ended = (child: ChildProcess) => new Promise<void>((resolve) => child.once("close", () => resolve()))
/** Node itself has begun: until then the signal ends the process. */
const isNode = (pid: number): boolean => {
  const blocked = /^SigBlk:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))![1]!
  return parseInt(blocked, 16) === 0x200
}

describe("SIGUSR1 opens no debugger", () => {
  for (const [program, args, ready] of [
    ["qmail-smtpd", [], "220 "],
    ["qmail-popup", ["host", "true"], "+OK "]
  ] as const)
    it(`in ${program}, and the session goes on`, async () => {
      const child = spawn(join(bin, program), args, { env: environment, stdio: "pipe" })
      const text = said(child)
      await new Promise<void>((resolve) => child.stdout.once("data", () => resolve()))
      child.kill("SIGUSR1")
      child.stdin.end("NOOP\r\nQUIT\r\n")
      await ended(child)
      assert.deepStrictEqual([child.signalCode, child.exitCode !== null], [null, true])
      assert.notMatch(text(), /debugger|inspector/i)
      assert.include(text(), ready)
      assert.isAbove(text().split("\r\n").length, 2)
    })
  for (const program of ["qmail-inject", "qmail-queue", "qmail-remote", "qmail-clean"])
    it.runIf(leavesOut)(`in ${program}, however early it comes`, async () => {
      const child = spawn(join(bin, program), ["--", "sleep"], { env: environment, stdio: "pipe" })
      const text = said(child)
      while (!isNode(child.pid!)) await new Promise((resolve) => setImmediate(resolve))
      child.kill("SIGUSR1")
      child.stdin.on("error", () => {}).end()
      await ended(child)
      assert.isNull(child.signalCode)
      assert.notMatch(text(), /debugger|inspector/i)
    })
})
