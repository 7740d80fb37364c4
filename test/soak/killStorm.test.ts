import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { Conversation } from "../../bench/conversation.mjs"
import { arrivals, makeHome, removeHome, type RunningServer, startServer } from "../program/RunningServer.ts"
import { type Chance, chanceOf, seed } from "./Chance.ts"
import { countIds, send } from "./Letters.ts"

/** Whatever got its 250 arrives, however often the server is killed; what was in flight may arrive twice. */

const kills = Number(process.env["SOAK_KILLS"] ?? 40)
const sessions = 8
/** Local deliveries at once: what one kill may repeat at most. */
const inFlight = 10

let home: string
beforeAll(() => {
  home = makeHome({ concurrencylocal: String(inFlight) })
})
afterAll(() => removeHome(home))

/** Sends letters one after the other until the server is gone. */
const client = async (port: number, name: string, accepted: Set<string>): Promise<void> => {
  try {
    const smtp = await Conversation.open(port)
    await smtp.expect("250", "EHLO soak.test\r\n")
    for (let number = 0; ; number++) {
      await send(smtp, `${name}.${number}`, ["reader@local.test"])
      accepted.add(`${name}.${number}`)
    }
  } catch (error) {
    // Only the death of the server may end a conversation: a refusal is a finding.
    assert.match(String(error), /closed|ECONNRESET|ECONNREFUSED|EPIPE/)
  }
}

const killOnce = async (round: number, chance: Chance, accepted: Set<string>): Promise<void> => {
  const server = await startServer(home)
  const clients = Array.from({ length: sessions }, (_, i) => client(server.port, `${round}.${i}`, accepted))
  await sleep(chance.between(20, 900))
  assert.strictEqual(await server.end("SIGKILL"), "SIGKILL", "it was still running")
  await Promise.all(clients)
}

/** Message numbers that some file of the queue still names, but for bare leftovers in mess/, intd/ and pid/. */
const queued = (): ReadonlyArray<string> =>
  ["info", "todo", "local", "remote", "bounce"].flatMap((folder) =>
    readdirSync(join(home, "queue", folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${folder}/${entry.name}`)
  )

const leftInMess = (): number =>
  readdirSync(join(home, "queue/mess"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .length

/** Until the queue is empty, or for 30 seconds nothing has changed in it. */
const awaitDrained = async (server: RunningServer): Promise<void> => {
  for (let still = 0, before = -1; still < 300; still++) {
    const now = queued().length
    if (now === 0) return
    if (now !== before) still = 0
    before = now
    await sleep(100)
  }
  assert.fail(`the queue is stuck with ${queued().slice(0, 5).join(" ")}: ${server.log().slice(-2000)}`)
}

describe("kill -9 during load", () => {
  it(`loses nothing that was accepted, in ${kills} kills (seed ${seed})`, async () => {
    const chance = chanceOf(seed)
    const accepted = new Set<string>()
    for (let round = 0; round < kills; round++) await killOnce(round, chance, accepted)
    const server = await startServer(home)
    await awaitDrained(server)
    assert.strictEqual(await server.end("SIGTERM"), 0)
    const counts = countIds(arrivals(home))
    const lost = [...accepted].filter((id) => !counts.has(id))
    const twice = [...counts.values()].reduce((sum, count) => sum + count - 1, 0)
    const unanswered = [...counts.keys()].filter((id) => !accepted.has(id)).length
    console.log(
      `${kills} kills: ${accepted.size} accepted, ${counts.size} arrived, ${unanswered} of them without their 250, ` +
        `${twice} duplicates, ${leftInMess()} bare files left in mess/`
    )
    assert.deepStrictEqual(lost, [])
    assert.isAbove(accepted.size, kills)
    assert.isAtMost(twice, kills * inFlight)
    // A client learns at most one letter's fate too late: the one whose 250 the kill swallowed.
    assert.isAtMost(unanswered, kills * sessions)
  })
})
