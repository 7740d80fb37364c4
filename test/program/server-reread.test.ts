/** SIGHUP: all control files count together, from one moment on, or none of them does. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { Conversation } from "../../bench/conversation.mjs"
import {
  arrivals,
  awaitArrivals,
  converse,
  letter,
  makeHome,
  removeHome,
  type RunningServer,
  startServer,
  thresher,
  until
} from "./RunningServer.ts"

const home = makeHome()
let server: RunningServer
beforeAll(async () => {
  server = await startServer(home)
})
afterAll(async () => {
  assert.strictEqual(await server.end("SIGTERM"), 0)
  assert.notMatch(server.log(), /internal bug|crashed/)
  removeHome(home)
})

const file = (name: string) => join(home, name.includes("/") ? name : `control/${name}`)
const write = (name: string, content: string) => writeFileSync(file(name), content, "latin1")
const remove = (name: string) => rmSync(file(name), { recursive: true, force: true })

/** HUP, and the line that the log gets for it. */
const hup = async (): Promise<string> => {
  const lines = () => server.log().match(/(?<=^[0-9.]+ )(alert: unable to reread .*|status: controls reread)$/gm) ?? []
  const before = lines().length
  server.signal("SIGHUP")
  await until("a word about SIGHUP", () => lines().length > before, server.log)
  return lines().at(-1)!
}
const reply = async (domain: string) => (await converse(server.port, ["MAIL FROM:<>", `RCPT TO:<joe@${domain}>`]))[1]!
const refused = "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"

/** A domain of ours, as one adds it: the lists are what SMTP and delivery must agree about. */
const domains = ["local.test"]
const add = (domain: string) => {
  domains.push(domain)
  for (const name of ["locals", "rcpthosts"]) write(name, domains.map((one) => `${one}\n`).join(""))
}
const accepts = async (domain: string) => {
  for (let look = 0; look < 500 && (await reply(domain)) === refused; look++) await sleep(20)
  assert.strictEqual(await reply(domain), "250 ok")
}
const deliversTo = async (domain: string) => {
  const before = arrivals(home).length
  assert.match((await converse(server.port, letter("", [`joe@${domain}`]))).at(-1)!, /^250 ok /)
  await awaitArrivals(home, before + 1)
}

interface Fault {
  readonly spoil: () => void
  readonly mend: () => void
  readonly says: string
}
const content = (name: string, bad: string, says: string): Fault => ({
  spoil: () => write(name, bad),
  mend: () => remove(name),
  says: `${file(name).slice(home.length + 1)}: ${says}`
})
const isRoot = process.geteuid!() === 0
const tooLarge = "line 1: number too large: 99999999999999999999"

const faults: Readonly<Record<string, Fault>> = {
  "the sender's number": content("concurrencylocal", "99999999999999999999\n", tooLarge),
  "a number of SMTP": content("databytes", "99999999999999999999\n", tooLarge),
  "a time of SMTP": content("timeoutsmtpd", "99999999999999999999\n", tooLarge),
  "a number of remote deliveries": content("connreuse", "99999999999999999999\n", tooLarge),
  "a route": content(
    "smtproutes",
    "x.test:y.test\n:z.test:smtp\n",
    "line 2: port smtp is not a number from 1 to 65535"
  ),
  "a client": content("relayclients", "127.0.0.0/99\n", "line 1: 127.0.0.0/99 is no address and no network"),
  "a client with what no terminal should get": content(
    "relayclients",
    "\x1b[2J\n",
    "line 1: _[2J is no address and no network"
  ),
  "a zero byte": content("virtualdomains", "v.test:joe\0\n", "has a zero byte"),
  "a damaged database": content("morercpthosts.cdb", "damaged", "is damaged: run qmail-newmrh"),
  users: content("users/cdb", "damaged", "is damaged: run qmail-newu; until then all local mail waits"),
  "a directory in the place of a file": {
    spoil: () => mkdirSync(file("badmailfrom")),
    mend: () => remove("badmailfrom"),
    says: "control/badmailfrom: unable to read: is a directory"
  },
  "two at once": {
    spoil: () => {
      write("maxhops", "99999999999999999999\n")
      write("yell", "99999999999999999999\n")
    },
    mend: () => ["maxhops", "yell"].forEach(remove),
    says: `control/maxhops: ${tooLarge} (and 1 more: run thresher check)`
  }
}

describe("SIGHUP with a bad file changes nothing anywhere, and the log names file, line and reason", () => {
  for (const [i, [what, { mend, says, spoil }]] of Object.entries(faults).entries())
    it(what, async () => {
      const domain = `new${i}.test`
      add(domain)
      spoil()
      assert.strictEqual(await hup(), `alert: unable to reread controls: ${says}`)
      assert.strictEqual(await reply(domain), refused)
      // users/cdb is looked at for each delivery, as in qmail: mail waits.
      if (what !== "users") await deliversTo("local.test")
      const { code, complaint } = thresher(["start", "--home", home, "--listen", "127.0.0.1:0"])
      assert.deepStrictEqual(
        [code, complaint.replaceAll("\x1b", "_")],
        [111, `thresher: fatal: unable to start in ${home}: error: ${says}\n`],
        "nor would a server start"
      )
      mend()
      assert.strictEqual(await hup(), "status: controls reread")
      await deliversTo(domain)
    })
  it.skipIf(isRoot)("a file that may not be read (root reads all: run the tests as an ordinary user)", async () => {
    add("closed.test")
    chmodSync(file("rcpthosts"), 0)
    assert.strictEqual(
      await hup(),
      "alert: unable to reread controls: control/rcpthosts: unable to open: access denied"
    )
    assert.strictEqual(await reply("closed.test"), refused)
    chmodSync(file("rcpthosts"), 0o644)
    assert.strictEqual(await hup(), "status: controls reread")
    await deliversTo("closed.test")
  })
})

describe("SIGHUP", () => {
  it("a file that is gone means its default, everywhere", async () => {
    remove("rcpthosts")
    write("virtualdomains", "virtual.test:alias\n")
    assert.strictEqual(await hup(), "status: controls reread")
    assert.strictEqual(await reply("elsewhere.test"), refused)
    await deliversTo("virtual.test")
    await deliversTo("new0.test")
    remove("virtualdomains")
    add("back.test")
    assert.strictEqual(await hup(), "status: controls reread")
    assert.strictEqual(await reply("virtual.test"), refused)
  })
  it("without control/me and what it stands for nothing changes", async () => {
    remove("me")
    assert.strictEqual(await hup(), "alert: unable to reread controls: control/me: does not exist")
    write("me", "local.test\n")
    assert.strictEqual(await hup(), "status: controls reread")
  })
  it("an open session goes on with what it began with, the next one has the new files", async () => {
    const open = await Conversation.open(server.port)
    add("later.test")
    assert.strictEqual(await hup(), "status: controls reread")
    await open.expect("250", "MAIL FROM:<>\r\n")
    await open.expect("553", "RCPT TO:<joe@later.test>\r\n")
    await deliversTo("later.test")
    await open.expect("553", "RCPT TO:<joe@later.test>\r\n")
    await open.expect("221", "QUIT\r\n")
  })
  it("remote deliveries take part: a new route counts, and not before", async () => {
    write("relayclients", "127.\n")
    write("smtproutes", ":[127.0.0.1]:1\n")
    assert.strictEqual(await hup(), "status: controls reread")
    write("smtproutes", "bounces.test:\n")
    write("locals", domains.concat("far.test").join("\n"))
    const deferrals = () => server.log().match(/deferral: Sorry,_I_wasn't_able_to_establish/g)?.length ?? 0
    assert.match((await converse(server.port, letter("", ["joe@far.test"]))).at(-1)!, /^250 ok /)
    await until("a deferral by the old route", () => deferrals() > 0, server.log)
    assert.strictEqual(await hup(), "status: controls reread")
    await deliversTo("far.test")
  })
  it("[W52] with autoreload nobody need ask, and SMTP and delivery agree then too", async () => {
    write("autoreload", "1\n")
    assert.strictEqual(await hup(), "status: controls reread")
    add("noticed.test")
    await accepts("noticed.test")
    await deliversTo("noticed.test")
  })
  it("many quickly: what was written last counts", async () => {
    for (let round = 0; round < 20; round++) {
      write("concurrencylocal", round % 2 === 0 ? "99999999999999999999\n" : "7\n")
      add(`quick${round}.test`)
      server.signal("SIGHUP")
    }
    await accepts("quick19.test")
    await deliversTo("quick19.test")
    await until("the new limit", () => server.log().includes("status: local 0/7 "), server.log)
  })
})
