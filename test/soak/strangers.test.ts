import { afterEach, assert, beforeEach, describe, it } from "@effect/vitest"
import net from "node:net"
import { performance } from "node:perf_hooks"
import { setTimeout as sleep } from "node:timers/promises"
import { Conversation } from "../../bench/conversation.mjs"
import {
  arrivals,
  awaitArrivals,
  makeHome,
  removeHome,
  type RunningServer,
  startServer
} from "../program/RunningServer.ts"
import { type Chance, chanceOf, seed } from "./Chance.ts"
import { countIds, residentKiB, sendAlone } from "./Letters.ts"

/** Strangers who say nothing, and strangers who say anything, while somebody sends mail. */

let home: string
let server: RunningServer
beforeEach(async () => {
  home = makeHome()
  server = await startServer(home)
})
afterEach(async () => {
  assert.strictEqual(await server.end("SIGTERM"), 0)
  removeHome(home)
})

describe("500 idle clients", () => {
  it("do not keep a good one waiting a second", async () => {
    // Two from each address, so that no limit of one address helps.
    const idle = await Promise.all(
      Array.from({ length: 500 }, (_, i) => Conversation.open(server.port, { localAddress: `127.0.1.${(i >> 1) + 1}` }))
    )
    for (let letter = 0; letter < 5; letter++) {
      const began = performance.now()
      await sendAlone(server.port, `good.${letter}`, ["reader@local.test"])
      assert.isBelow(performance.now() - began, 1000)
    }
    const held = residentKiB(server.pid)
    console.log(`500 idle clients: ${Math.round(held / 1024)} MiB resident`)
    // They are still served, all of them.
    for (const smtp of idle) await smtp.expect("250", "NOOP\r\n")
    for (const smtp of idle) smtp.close()
    assert.strictEqual((await awaitArrivals(home, 5)).length, 5)
  })
})

const fuzzSessions = Number(process.env["SOAK_FUZZ"] ?? 3000)
/** Above the idle server: garbage collection is lazy, leaks are not. */
const growthMiB = 150

const words = [
  ..."HELO x|EHLO |MAIL FROM:<a@b>|MAIL FROM:<>|MAIL|RCPT TO:<reader@local.test>|RCPT TO:<a@elsewhere.test>|DATA".split(
    "|"
  ),
  ...'RSET|NOOP|QUIT|VRFY x|HELP|.|..|\r\n|\r|\n|\r\n.\r\n|\n.\n|.\r\n|\0|\xff|<|>|:|@| |"|\\|Received: x'.split("|"),
  "MAIL FROM:<" + "a".repeat(2000),
  "RCPT TO:<" + "@x,".repeat(500) + ":y>",
  "x".repeat(20_000)
]

const noise = (chance: Chance): Uint8Array =>
  chance.between(0, 3) === 0
    ? chance.bytes(chance.between(1, 5000))
    : Buffer.from(
        Array.from(
          { length: chance.between(1, 30) },
          () => chance.oneOf(words) + chance.oneOf(["\r\n", "\r\n", "", "\n"])
        ).join(""),
        "latin1"
      )

type Leaving = "reset" | "closed" | "halfClosed" | "deaf"

/** One stranger: noise in pieces, and a way to leave. Tells whether the server had to be left hanging. */
const stranger = (port: number, chance: Chance): Promise<boolean> =>
  new Promise((over) => {
    const pieces = Array.from({ length: chance.between(1, 4) }, () => noise(chance))
    const leaving = chance.oneOf<Leaving>(["reset", "closed", "halfClosed", "deaf"])
    let hanging = false
    const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true })
    socket.on("error", () => undefined)
    socket.on("close", () => over(hanging))
    socket.on("end", () => socket.end())
    // Who half-closes is answered and closed; one who reads nothing leaves by himself.
    socket.setTimeout(leaving === "deaf" ? 200 : 10_000, () => {
      hanging = leaving !== "deaf"
      socket.destroy()
    })
    if (leaving !== "deaf") socket.resume()
    socket.on("connect", async () => {
      for (const piece of pieces) {
        if (socket.writable) socket.write(piece)
        await sleep(chance.between(0, 3))
      }
      if (leaving === "reset") socket.resetAndDestroy()
      else if (leaving === "closed") socket.destroy()
      else socket.end()
    })
  })

describe("random bytes on the SMTP port", () => {
  it(`do not stop the server, nor fill its memory, in ${fuzzSessions} sessions (seed ${seed})`, async () => {
    await sendAlone(server.port, "before", ["reader@local.test"])
    const idle = residentKiB(server.pid)
    const chance = chanceOf(seed)
    let left = fuzzSessions
    let hanging = 0
    const visitor = async () => {
      while (left-- > 0) if (await stranger(server.port, chance)) hanging += 1
    }
    await Promise.all(Array.from({ length: 20 }, visitor))
    assert.strictEqual(server.ending(), undefined)
    assert.strictEqual(hanging, 0, "clients that half-closed and were not let go")
    await sendAlone(server.port, "after", ["reader@local.test"])
    const grown = (residentKiB(server.pid) - idle) / 1024
    console.log(`${fuzzSessions} sessions of noise: ${Math.round(idle / 1024)} MiB, then ${Math.round(grown)} more`)
    assert.isBelow(grown, growthMiB)
    // What the noise itself managed to send may arrive too; the good letters must.
    for (let look = 0; look < 500 && !countIds(arrivals(home)).has("after"); look++) await sleep(20)
    assert.isTrue(countIds(arrivals(home)).has("before"))
    assert.isTrue(countIds(arrivals(home)).has("after"))
  })
})
