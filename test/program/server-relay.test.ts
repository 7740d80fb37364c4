/** A server that relays to hosts which refuse, fall silent or hang up at every stage; and what their senders hear. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { type Act, type ScriptedHost, startScriptedHost, well } from "../ScriptedHost.ts"
import {
  arrivals,
  converse,
  letter,
  makeHome,
  queueFiles,
  removeHome,
  type RunningServer,
  startServer,
  until
} from "./RunningServer.ts"

/** Each domain has a host of its own, which plays a part for one session. */
const stages = ["the greeting", "EHLO", "MAIL", "RCPT", "DATA", "the message"] as const
const trouble = { "4xx": "450 not now", "5xx": "550 never", hang: "hang", close: "close", reset: "reset" } as const

const cases = stages.flatMap((stage, at) =>
  (Object.keys(trouble) as Array<keyof typeof trouble>).map((manner) => ({
    stage,
    manner,
    domain: `${manner}${at}.test`,
    acts: [...well.slice(0, at), trouble[manner]] as ReadonlyArray<Act>
  }))
)

let home: string
let server: RunningServer
const hosts = new Map<string, ScriptedHost>()
/** Hosts without PIPELINING: the reply to EHLO has one line. */
const patient = [...well, "250 reset", ...well.slice(2)]
const onlyOne = [...well, "250 reset", "421 one message in a connection"]
beforeAll(async () => {
  for (const { acts, domain } of cases) hosts.set(domain, await startScriptedHost(acts))
  hosts.set("patient.test", await startScriptedHost(patient))
  hosts.set("onlyone.test", await startScriptedHost(onlyOne))
  home = makeHome({
    relayclients: "127.0.0.1",
    timeoutremote: "1",
    timeoutconnect: "1",
    smtproutes: [...hosts].map(([domain, host]) => `${domain}:127.0.0.1:${host.port}`).join("\n")
  })
  server = await startServer(home)
  // All of them at once: a host that hangs holds up no other.
  for (const { domain } of cases)
    assert.match((await converse(server.port, letter(`${domain}@local.test`, [`you@${domain}`]))).at(-1)!, /^250 /)
})
afterAll(async () => {
  assert.strictEqual(await server.end("SIGTERM"), 0)
  for (const host of hosts.values()) host.stop()
  removeHome(home)
})

/** What comes back from an attempt while the signal is dealt with is not due: it was tried just now. */
const awaitSuccess = (running: RunningServer) =>
  until(
    "a success",
    () => {
      running.signal("SIGALRM")
      return running.log().includes(": success: ")
    },
    running.log
  )

const logged = (pattern: RegExp) => pattern.test(server.log())

describe("A host that", () => {
  for (const { domain, manner, stage } of cases) {
    // Who refuses us, and not yet the mail, may have changed his mind tomorrow. (qmail-remote.c, smtp())
    const isFinal = manner === "5xx" && stage !== "the greeting" && stage !== "EHLO"
    it(`${manner} at ${stage}: the mail ${isFinal ? "comes back" : "waits"}`, async () => {
      const start = new RegExp(String.raw`starting delivery (\d+): msg \d+ to remote you@${domain}\n`)
      await until("its start", () => logged(start), server.log)
      const begun = start.exec(server.log())
      const fate = new RegExp(String.raw`^\S+ delivery ${begun![1]}: (\w+): `, "m")
      await until("its fate", () => logged(fate), server.log)
      assert.strictEqual(fate.exec(server.log())![1], isFinal ? "failure" : "deferral", server.log())
      if (!isFinal) return
      const bounced = () =>
        arrivals(home).some((file) => {
          const text = readFileSync(file, "latin1")
          return text.includes(`Delivered-To: ${domain}@local.test\n`) && text.includes("Remote host said: 550 never")
        })
      await until("the bounce", bounced, server.log)
    })
  }
})

describe("A host without PIPELINING", () => {
  const deliverTwo = async (domain: string) => {
    for (const turn of [1, 2]) {
      await converse(server.port, letter("me@local.test", [`${turn}@${domain}`]))
      const begun = new RegExp(String.raw`starting delivery (\d+): msg \d+ to remote ${turn}@${domain}\n`)
      await until("its start", () => logged(begun), server.log)
      const fate = new RegExp(String.raw`^\S+ delivery ${begun.exec(server.log())![1]}: (\w+): `, "m")
      await until("its fate", () => logged(fate), server.log)
      assert.strictEqual(fate.exec(server.log())![1], "success", server.log())
    }
    return hosts.get(domain)!.heard()
  }

  it("gets a second message over the same connection", async () => {
    const heard = await deliverTwo("patient.test")
    assert.match(heard, /\r\n\.\r\nRSET\r\nMAIL FROM:<me@local\.test>[^]*RCPT TO:<2@patient\.test>\r\nDATA\r\n/)
    assert.lengthOf(heard.split("EHLO "), 2)
  })

  it("gets it over a fresh one if it takes one message in each", async () => {
    const heard = await deliverTwo("onlyone.test")
    assert.match(heard, /\r\n\.\r\nRSET\r\nMAIL FROM[^\n]*\nEHLO local\.test\r\nMAIL FROM/)
  })
})

describe("A host that is back", () => {
  it("gets at SIGALRM what waited for it, and the sender hears nothing", async () => {
    const gone = await startScriptedHost([])
    gone.stop()
    const other = makeHome({ relayclients: "127.0.0.1", smtproutes: `:127.0.0.1:${gone.port}` })
    const running = await startServer(other)
    await converse(running.port, letter("me@local.test", ["you@far.test"], "X-Mark: 1\r\n\r\n..dot\r\ndot."))
    await until("a deferral", () => running.log().includes(": deferral: "), running.log)
    const back = await startScriptedHost(well, gone.port)
    await awaitSuccess(running)
    assert.match(back.heard(), /^EHLO local\.test\r\nMAIL FROM:<me@local\.test>[^]*RCPT TO:<you@far\.test>\r\nDATA\r\n/)
    assert.match(back.heard(), /\r\nX-Mark: 1\r\n\r\n\.\.dot\r\ndot\.\r\n\.\r\n/)
    await until("an empty queue", () => queueFiles(other).length === 0)
    assert.lengthOf(arrivals(other), 0)
    assert.strictEqual(await running.end("SIGTERM"), 0)
    back.stop()
    removeHome(other)
  })
})
