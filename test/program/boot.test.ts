/** The boot scripts start qmail's processes, and mail arrives as each of them says. */
import { assert, describe, it } from "@effect/vitest"
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process"
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, afterEach, beforeAll } from "vitest"
import { program } from "./RunningServer.ts"

const scratch = mkdtempSync(join(tmpdir(), "thresher-boot-"))
const home = join(scratch, "qmail")
const joe = join(scratch, "joe")
const tools = join(scratch, "tools")
afterAll(() => rmSync(scratch, { recursive: true }))

/** Any accounts of this host play qmail's; they get nothing to keep. */
const names = (file: string, field: number) =>
  readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .filter(([name, , id], i, all) => name && Number(id) > 0 && all.findIndex((other) => other[field] === id) === i)
    .map(([name]) => name!)
const roles = ["alias", "qmaild", "qmaill", "qmailp", "qmailq", "qmailr", "qmails"]
const accounts = names("/etc/passwd", 2)
const groups = names("/etc/group", 2)

/** Only root can become others, and they must be able to run the node of this checkout. */
const canStart =
  process.getuid!() === 0 &&
  accounts.length > roles.length &&
  groups.length > 1 &&
  spawnSync("setpriv", ["--reuid", "65534", "--clear-groups", program("qmail-config"), ""]).status === 100

const environment = { PATH: `${tools}:/usr/sbin:/usr/bin:/sbin:/bin`, QMAILHOME: home }
const tool = (name: string, script: string) => {
  writeFileSync(join(tools, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(tools, name), 0o755)
}
const run = (path: string, words: ReadonlyArray<string> = [], input = "") =>
  execFileSync(path, words, { env: environment, input, encoding: "latin1" })

let running: ChildProcess | undefined
afterEach(() => void running?.kill("SIGKILL"))

/** Starts one, sends joe a mail, stops it; the exit code of qmail-send. */
const deliver = async (script: string, arrival: string) => {
  const child = spawn(join(home, "boot", script), { env: environment, stdio: "ignore" })
  running = child
  const ended = new Promise<number | null>((told) => child.on("exit", (code) => told(code)))
  run(join(home, "bin/qmail-inject"), ["-f", "sender@here.test", "joe@here.test"], `Subject: ${script}\n\nhello\n`)
  const isRunning = () => child.exitCode === null && child.signalCode === null
  while (!existsSync(join(joe, arrival)) && isRunning()) await sleep(20)
  while (/: [1-9]/.test(run(join(home, "bin/qmail-qstat"))) && isRunning()) await sleep(20)
  child.kill("SIGTERM")
  return ended
}

describe.runIf(canStart)("boot scripts, which need root", () => {
  beforeAll(() => {
    chmodSync(scratch, 0o755)
    for (const directory of [home, joe, tools]) mkdirSync(directory)
    chownSync(joe, 65_534, 65_534)
    const users = Object.fromEntries(roles.map((role, i) => [role, accounts[i]]))
    const record = { owners: "many", users, groups: { qmail: groups[0], nofiles: groups[1] } }
    writeFileSync(join(home, "install.json"), JSON.stringify(record))
    run(program("instpackage"))
    run(program("instchown"))
    writeFileSync(join(home, "control/me"), "here.test\n")
    writeFileSync(join(home, "users/assign"), `=joe:nobody:65534:65534:${joe}:::\n.\n`)
    run(join(home, "bin/qmail-newu"))
    tool("logger", "exec cat > /dev/null")
    tool("dot-forward", 'read -r name < "$1" || exit 0; cat > "$name"; exit 99')
    tool("procmail", "exec cat > procmail.seen")
  })

  it("home: to the Mailbox", async () => {
    assert.strictEqual(await deliver("home", "Mailbox"), 0)
    assert.match(
      readFileSync(join(joe, "Mailbox"), "latin1"),
      /^From sender@here\.test .*\nReturn-Path: .*\nDelivered-To: joe@here\.test\n/
    )
  })
  it("home+df: as .forward says, where there is one", async () => {
    writeFileSync(join(joe, ".forward"), "forwarded\n")
    assert.strictEqual(await deliver("home+df", "forwarded"), 0)
    assert.include(readFileSync(join(joe, "forwarded"), "latin1"), "Subject: home+df\n")
    assert.notInclude(readFileSync(join(joe, "Mailbox"), "latin1"), "home+df")
  })
  it("proc+df: through procmail, with the lines of preline, where there is no .forward", async () => {
    writeFileSync(join(joe, ".forward"), "")
    assert.strictEqual(await deliver("proc+df", "procmail.seen"), 0)
    assert.match(readFileSync(join(joe, "procmail.seen"), "latin1"), /^From sender@here\.test .*\nReturn-Path: /)
  })
})
