import { assert, describe, it } from "@effect/vitest"
import { setTimeout as sleep } from "node:timers/promises"
import { forkSink } from "../../bench/sink.mjs"
import { makeHome, removeHome, startServer } from "../program/RunningServer.ts"
import { residentKiB, sendAlone } from "./Letters.ts"

/** A host that thinks for two seconds before each answer is talked to by hundreds at once. */

const recipients = 400

describe("a sink that waits 2 s before each answer", () => {
  it("sees at least 300 sessions at once with concurrencyremote 500, and each recipient once", async () => {
    const sink = await forkSink({ delay: 2000 })
    const home = makeHome({ concurrencyremote: "500", smtproutes: `:127.0.0.1:${sink.port}`, relayclients: "127." })
    const server = await startServer(home)
    try {
      const to = Array.from({ length: recipients }, (_, i) => `reader${i}@far.test`)
      await sendAlone(server.port, "slow", to)
      let counts = await sink.counts()
      for (let look = 0; look < 600 && counts.recipients < recipients; look++) {
        await sleep(100)
        counts = await sink.counts()
      }
      console.log(
        `${counts.peakSessions} sessions at once, ${counts.recipients} recipients, ` +
          `${Math.round(residentKiB(server.pid) / 1024)} MiB resident`
      )
      assert.isAtLeast(counts.peakSessions, 300)
      assert.strictEqual(counts.recipients, recipients)
      assert.strictEqual(counts.duplicates, 0)
      // A good client is not kept waiting by slow hosts, and neither is the end.
      assert.strictEqual(await server.end("SIGTERM"), 0)
    } finally {
      await server.end("SIGKILL")
      sink.stop()
      removeHome(home)
    }
  })
})
