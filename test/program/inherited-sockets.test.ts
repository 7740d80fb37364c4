/** Listening sockets from whoever started the server: a supervisor that may bind port 25, or systemd. */
import { afterAll, assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { closeSync, openSync, readFileSync, readlinkSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:net"
import { join } from "node:path"
import { arrivals, awaitArrivals, converse, letter, makeHome, program, removeHome, until } from "./RunningServer.ts"

const home = makeHome()
afterAll(() => removeHome(home))

/** Bound and listening, as a supervisor holds it. */
const listening = async (host = "127.0.0.1") => {
  const server = createServer()
  await new Promise<void>((ready) => server.listen(0, host, ready))
  const { port } = server.address() as { port: number }
  const { fd } = (server as Server & { _handle: { fd: number } })._handle
  return { server, port, fd }
}

/** `thresher start`, with these descriptors from 3 on; `script` is how the supervisor becomes it. */
const start = (fds: ReadonlyArray<number>, words: ReadonlyArray<string> = [], script = 'exec "$@"') => {
  const args = ["-c", script, "supervisor", program("thresher"), "start", "--home", home, ...words]
  const child = spawn("/bin/sh", args, { stdio: ["ignore", "pipe", "pipe", ...fds] })
  let said = ""
  for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (text) => (said += text))
  const code = new Promise((told) => child.on("exit", told))
  return { said: () => said, code, stop: () => (child.kill("SIGTERM"), code) }
}

const served = async (port: number) => {
  const before = arrivals(home).length
  assert.match((await converse(port, letter("", ["you@local.test"]))).at(-1)!, /^250 ok /)
  await awaitArrivals(home, before + 1)
}

describe("thresher start", () => {
  it("--listen fd:3 serves a socket that was bound before; a command of .qmail does not see it", async () => {
    const { fd, port, server } = await listening()
    const socket = readlinkSync(`/proc/self/fd/${fd}`)
    const running = start([fd], ["--listen", "fd:3"])
    server.close()
    await until("its ready line", () => running.said().includes(`ready smtp 127.0.0.1:${port}\n`), running.said)
    await served(port)
    writeFileSync(join(home, "alias/.qmail-fds"), "|ls -l /proc/$$/fd >fds\n")
    await converse(port, letter("", ["fds@local.test"]))
    await until("the delivery", () => running.said().includes("success: did_0+0+1"), running.said)
    assert.strictEqual(await running.stop(), 0)
    assert.notInclude(readFileSync(join(home, "alias/fds"), "latin1"), socket)
  })
  it("without --listen serves all that LISTEN_FDS gives to its LISTEN_PID", async () => {
    const [four, six] = [await listening(), await listening("::1")]
    const running = start([four.fd, six.fd], [], 'LISTEN_FDS=2 LISTEN_PID=$$ exec "$@"')
    four.server.close()
    six.server.close()
    const ready = `ready smtp 127.0.0.1:${four.port}\nready smtp [::1]:${six.port}\n`
    await until("its ready lines", () => running.said().includes(ready), running.said)
    await served(four.port)
    assert.strictEqual(await running.stop(), 0)
  })
  it("and listens to nothing of that if it is told where to listen", async () => {
    const { fd, port, server } = await listening()
    const running = start([fd], ["--listen", "127.0.0.1:0"], 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"')
    await until("its ready line", () => running.said().includes("ready smtp "), running.said)
    assert.notInclude(running.said(), `:${port}\n`)
    assert.strictEqual(await running.stop(), 0)
    server.close()
  })
  it("says so if a descriptor is no socket, or none that strangers can reach", async () => {
    const file = openSync(join(home, "install.json"), "r")
    const local = createServer()
    await new Promise<void>((ready) => local.listen(join(home, "socket"), ready))
    const { fd } = (local as Server & { _handle: { fd: number } })._handle
    for (const [given, text] of [
      [file, "not a socket"],
      [fd, "address family not supported"]
    ] as const) {
      const ended = start([given], ["--listen", "fd:3"])
      assert.strictEqual(await ended.code, 111)
      assert.include(ended.said(), `thresher: fatal: unable to listen on fd:3: ${text}\n`)
    }
    closeSync(file)
    local.close()
  })
})
