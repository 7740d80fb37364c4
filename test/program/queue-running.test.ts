/** `thresher queue` asks the server that has the queue: it changes what waits, and nothing that is on its way. */
import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type ScriptedHost, startScriptedHost } from "../ScriptedHost.ts"
import {
  awaitArrivals,
  converse,
  letter,
  makeHome,
  queueFiles,
  removeHome,
  type RunningServer,
  startServer,
  thresher,
  until
} from "./RunningServer.ts"

let home: string
let server: RunningServer
let silent: ScriptedHost

/** Mail to gone.test is deferred: nobody listens there. Mail to silent.test is under way for ever. */
beforeEach(async () => {
  const gone = await startScriptedHost([])
  gone.stop()
  silent = await startScriptedHost(["hang"])
  home = makeHome({
    relayclients: "127.0.0.1",
    smtproutes: `silent.test:127.0.0.1:${silent.port}\n:127.0.0.1:${gone.port}`
  })
  server = await startServer(home)
})
afterEach(async () => {
  silent.stop()
  assert.strictEqual(await server.end("SIGTERM"), 0, server.log())
  removeHome(home)
})

const queue = (...words: ReadonlyArray<string>) => {
  const { code, complaint, out } = thresher(["queue", ...words, "--home", home])
  return `${code} ${out}${complaint}`
}
const numbers = (): ReadonlyArray<string> =>
  readdirSync(join(home, "queue/mess"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
const send = async (...to: ReadonlyArray<string>): Promise<string> => {
  const before = new Set(numbers())
  assert.match((await converse(server.port, letter("me@local.test", to))).at(-1)!, /^250 /)
  return numbers().find((id) => !before.has(id))!
}
const count = (pattern: RegExp) => server.log().match(new RegExp(pattern, "g"))?.length ?? 0
/** One message that waits for its next attempt. */
const deferred = async (...to: ReadonlyArray<string>): Promise<string> => {
  const before = count(/: deferral: /)
  const id = await send(...(to.length > 0 ? to : ["you@gone.test"]))
  await until("the deferral", () => count(/: deferral: /) >= before + Math.max(1, to.length), server.log)
  const isSettled = () => existsSync(channelFile(id)) && !existsSync(join(home, "queue/todo", id))
  await until("its place in the queue", isSettled, server.log)
  return id
}
const channelFile = (id: string) => join(home, "queue/remote", `${Number(id) % 23}/${id}`)
const starts = (id: string) => count(new RegExp(`starting delivery \\d+: msg ${id} `))

describe("thresher queue and a server that runs", () => {
  it("a held message waits, whatever happens, until it is released", async () => {
    const id = await deferred()
    assert.strictEqual(queue("hold", id), `0 ${id}: held\n`)
    assert.match(queue("list"), new RegExp(` ${id} .* held +<me@local.test>\n1 message\n$`))
    server.signal("SIGALRM")
    const other = await deferred()
    assert.strictEqual(starts(id), 1)
    assert.strictEqual(await server.end("SIGTERM"), 0)
    assert.strictEqual(statSync(channelFile(id)).mtimeMs / 1000, 4102444800)

    server = await startServer(home)
    server.signal("SIGALRM")
    await until("the other one", () => starts(other) > 0, server.log)
    assert.strictEqual(starts(id), 0)
    assert.strictEqual(queue("retry", id), `100 ${id}: no such message in the queue, or it is held\n`)
    assert.strictEqual(queue("release", "--all"), `0 ${id}: released, due now\n`)
    await until("its attempt", () => starts(id) > 0, server.log)
    assert.include(server.log(), `admin: release msg ${id}\n`)
  })

  it("the list says when a message is tried next", async () => {
    const id = await deferred()
    await until("its time", () => / in [56]m /.test(queue("list", id)), server.log)
  })

  it("a message is tried again when he who waits cannot wait", async () => {
    const id = await deferred()
    assert.strictEqual(queue("retry", "--host", "gone.test"), `0 ${id}: due now\n`)
    await until("its second attempt", () => starts(id) === 2, server.log)
  })

  it("a recipient is bounced, and the others go on", async () => {
    const id = await deferred("you@gone.test", "she@other.test")
    assert.strictEqual(
      queue("bounce", "--recipient", "you@gone.test", "--reason", "gone.test is closed for good"),
      `0 ${id}: bounced\n`
    )
    await until("the attempt at the other", () => starts(id) === 3, server.log)
    assert.include(server.log(), `admin: bounce msg ${id} recipients 1: gone.test_is_closed_for_good\n`)
    await until("the deferral", () => count(/: deferral: /) === 3, server.log)
    assert.strictEqual(queue("bounce", id, "--reason", "so is the other"), `0 ${id}: bounced\n`)
    const [notice] = await awaitArrivals(home, 1)
    assert.match(
      readFileSync(notice!, "latin1"),
      /<you@gone\.test>:\ngone\.test is closed for good\n\n<she@other\.test>:\nso is the other\n/
    )
    await until("its end", () => count(/ end msg /) === 2, server.log)
    assert.strictEqual(queue("list"), "0 no messages\n")
  })

  it("a deleted message leaves nothing, and the number serves the next", async () => {
    const id = await deferred()
    assert.strictEqual(queue("delete", id, "--reason", "nobody wants it"), `0 ${id}: deleted\n`)
    assert.deepStrictEqual(queueFiles(home), [])
    assert.include(server.log(), `admin: delete msg ${id}: nobody_wants_it\n`)
    await deferred()
    // A message that is only just being put aside is not meant by it: qmail-send too looks at what waits.
    const isTriedAgain = () => {
      server.signal("SIGALRM")
      return count(/starting delivery/) >= 3
    }
    await until("the second attempt", isTriedAgain, server.log)
    assert.strictEqual(queue("list").split("\n").at(-2), "1 message")
  })

  it("what is being delivered is busy, and stays as it is", async () => {
    const id = await send("you@silent.test")
    await until("the delivery", () => starts(id) === 1, server.log)
    const before = queueFiles(home).toSorted()
    const busy = `111 ${id}: being delivered at this moment; nothing was changed\n`
    assert.strictEqual(queue("delete", id, "--reason", "too late"), busy)
    assert.deepStrictEqual(queueFiles(home).toSorted(), before)
    const both = await send("you@silent.test", "she@gone.test")
    await until("the deferral", () => count(/: deferral: /) === 1 && existsSync(channelFile(both)), server.log)
    const records = readFileSync(channelFile(both), "latin1")
    for (const words of [
      ["bounce", "--recipient", "she@gone.test", "--reason", "too late"],
      ["delete", both, "--reason", "too late"],
      ["hold", both]
    ])
      assert.strictEqual(queue(...words), `111 ${both}: being delivered at this moment; nothing was changed\n`)
    assert.strictEqual(readFileSync(channelFile(both), "latin1"), records)
    assert.isFalse(existsSync(join(home, "queue/bounce", both)))
    assert.notInclude(server.log(), "admin: ")
    silent.stop()
    await until("the end of both deliveries", () => count(/: deferral: /) === 3, server.log)
  })

  it("what was done while no server ran is logged by the next, which takes away what was never finished", async () => {
    const id = await deferred()
    assert.strictEqual(await server.end("SIGTERM"), 0)
    assert.strictEqual(queue("hold", id), `0 ${id}: held\n`)
    assert.strictEqual(queue("bounce", id, "--reason", "gone for good"), `0 ${id}: bounced\n`)
    for (const name of ["1.2", ".1.3"]) writeFileSync(join(home, "queue/lock/request", name), "hold\n\n")
    server = await startServer(home)
    await awaitArrivals(home, 1)
    assert.include(server.log(), `admin: bounce msg ${id}: gone_for_good (while stopped)\n`)
    assert.deepStrictEqual(readdirSync(join(home, "queue/lock/request")), [])
    await until("the end", () => count(/ end msg /) === 2, server.log)
  })

  it("a server that was killed leaves the queue to whoever asks, and the next one listens again", async () => {
    const id = await deferred()
    await server.end("SIGKILL")
    assert.isTrue(existsSync(join(home, "queue/lock/admin")))
    assert.strictEqual(queue("hold", id), `0 ${id}: held\n`)
    server = await startServer(home)
    assert.strictEqual(queue("release", id), `0 ${id}: released, due now\n`)
    assert.include(server.log(), `admin: release msg ${id}\n`)
    assert.strictEqual(statSync(join(home, "queue/lock/admin")).mode & 0o777, 0o600)
    await until("its attempt", () => starts(id) > 0, server.log)
  })

  it("mail is not moved under a server's hands", async () => {
    await deferred()
    for (const words of [
      ["export", join(home, "out"), "--all"],
      ["import", home]
    ])
      assert.strictEqual(
        queue(...words),
        "111 thresher: fatal: unable to move messages: a server has the queue (thresher stop ends ours)\n"
      )
  })
})
