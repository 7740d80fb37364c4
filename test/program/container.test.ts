/** `thresher start` as process 1, as in a container that runs nothing else. */
import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { onTestFinished } from "vitest"
import { script } from "../../src/core/command/ProcessOne.ts"
import { arrivals, bystander, converse, letter, makeHome, program, removeHome, until } from "./RunningServer.ts"

/** What a child process said, and how it ended. */
const watch = ({ child }: ReturnType<typeof bystander>) => {
  let said = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (said += piece))
  const ended = new Promise<number | NodeJS.Signals | null>((told) =>
    child.once("exit", (code, signal) => told(signal ?? code))
  )
  return { said: () => said, ended }
}

describe("The shell above a server that is process 1", () => {
  /** Says its number and the signals that it gets, and ends on TERM and INT. */
  const stand = `
    for (const name of ["SIGHUP", "SIGALRM", "SIGTERM", "SIGINT"])
      process.on(name, () => (console.log(name), /TERM|INT/.test(name) && process.exit(7)))
    setInterval(() => {}, 1000)
    console.log("pid " + process.pid)`
  const start = async () => {
    const shell = bystander("/bin/sh", ["-c", script, "thresher", process.execPath, "-e", stand])
    const { ended, said } = watch(shell)
    await until("the server", () => said().startsWith("pid "))
    return { ended, said, shell: shell.child, server: Number(/^pid (\d+)/.exec(said())![1]) }
  }

  it("passes signals on, as often as they come, and ends as the server ends", async () => {
    const { ended, said, shell } = await start()
    for (const [count, signal] of (["SIGHUP", "SIGALRM", "SIGHUP"] as const).entries()) {
      shell.kill(signal)
      await until(signal, () => said().split("\n").length === count + 3)
    }
    shell.kill("SIGTERM")
    assert.strictEqual(await ended, 7)
    assert.match(said(), /^pid \d+\nSIGHUP\nSIGALRM\nSIGHUP\nSIGTERM\n$/)
  })
  it("INT is TERM", async () => {
    const { ended, shell } = await start()
    shell.kill("SIGINT")
    assert.strictEqual(await ended, 7)
  })
  it("does not outlive a server that was killed, and says that it did not end well", async () => {
    const { ended, server } = await start()
    process.kill(server, "SIGKILL")
    assert.strictEqual(await ended, 128 + 9)
  })
})

/** Only root may make a pid namespace, and not everywhere. */
const mayMakeNamespaces =
  process.geteuid!() === 0 &&
  spawnSync("unshare", ["--pid", "--fork", "--mount-proc", "true"], { stdio: "ignore" }).status === 0

const childrenOf = (pid: number): ReadonlyArray<number> =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1")
    .split(" ")
    .filter((word) => word !== "")
    .map(Number)

describe.skipIf(!mayMakeNamespaces)("thresher start in a container", () => {
  /** Numbers are those outside. */
  const start = async (controls: Readonly<Record<string, string>> = {}) => {
    const home = makeHome(controls)
    onTestFinished(() => removeHome(home))
    const words = ["--pid", "--fork", "--kill-child", "--mount-proc", program("thresher"), "start", "--home", home]
    const unshare = bystander("unshare", [...words, "--listen", "127.0.0.1:0"])
    const { ended, said } = watch(unshare)
    await until("the server", () => said().includes("ready smtp"))
    const [first] = childrenOf(unshare.child.pid!)
    const [server] = childrenOf(first!)
    const port = Number(/ready smtp 127\.0\.0\.1:(\d+)/.exec(said())![1])
    return { home, ended, said, port, first: first!, server: server! }
  }

  it("is told to stop from outside, and from inside", async () => {
    for (const outside of [true, false]) {
      const { ended, first, home } = await start()
      const stop = [program("thresher"), "stop", "--home", home] as const
      const { status } = outside
        ? spawnSync(stop[0], stop.slice(1))
        : spawnSync("nsenter", ["--pid", "--mount", `--target=${first}`, ...stop])
      assert.strictEqual(status, 0)
      assert.strictEqual(await ended, 0)
    }
  })
  it("leaves no zombie of what deliveries leave behind; HUP rereads; TERM is a good end", async () => {
    const { ended, first, home, port, said, server } = await start()
    const leave = `sh -c 'sleep 0.2; echo >${home}/over' >/dev/null 2>&1`
    writeFileSync(join(home, "alias/.qmail-leave"), `|(${leave} &); exit 0\n./Maildir/\n`, { mode: 0o600 })
    await converse(port, [...letter("joe@far.test", ["leave@local.test"]), "QUIT"])
    await until("what was left behind", () => existsSync(join(home, "over")), said)
    assert.strictEqual(arrivals(home).length, 1)
    await until("nobody but the server", () => childrenOf(first).join() === `${server}`)

    const rcpt = async () => (await converse(port, ["MAIL FROM:<joe@far.test>", "RCPT TO:<joe@new.test>"])).at(-1)!
    assert.match(await rcpt(), /^553 /)
    for (const file of ["locals", "rcpthosts"]) writeFileSync(join(home, "control", file), "local.test\nnew.test\n")
    process.kill(first, "SIGHUP")
    for (let look = 0; look < 100 && !(await rcpt()).startsWith("250"); look++);
    assert.match(await rcpt(), /^250 /)

    process.kill(first, "SIGTERM")
    assert.strictEqual(await ended, 0)
    assert.include(said(), "status: exiting")
  })
  it("ends, and not well, when the server is killed", async () => {
    const { ended, server } = await start()
    process.kill(server, "SIGKILL")
    assert.notStrictEqual(await ended, 0)
  })
})
