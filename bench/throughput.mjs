// How many messages a second, and for how much CPU each: our server and Postfix by turns.
//   ingest  until the last 250; nothing is delivered
//   local   until the last message is in the Maildir
//   relay   until the sink has taken the last one
import { readdirSync, unlinkSync } from "node:fs"
import { join } from "node:path"
import { cpuMs, untilQuiet } from "./figures.mjs"
import { load } from "./load.mjs"
import { forkSink } from "./sink.mjs"
import { median, now, round, sleep } from "./statistics.mjs"

const modeOf = { ingest: "hold", local: "local", relay: "relay" }

/** Messages sent to a server before it is measured: a compiler warms up, a daemon forks its processes. */
const warmUp = 500

/**
 * One scenario at one number of sessions. `starters` make the servers; they take turns, `repeat` times (A B A B).
 * Both run all the while, so that neither has the memory to itself.
 */
export const throughput = async (scenario, { below, starters, sessions, messages, size, repeat, say }) => {
  const sink = scenario === "relay" ? await forkSink() : undefined
  const servers = []
  const runs = {}
  try {
    for (const start of starters) servers.push(await start(below, modeOf[scenario], sink?.port))
    const options = { sessions, messages, size, to: scenario === "relay" ? "bench@sink.test" : "bench@local.test" }
    for (const server of servers) {
      runs[server.name] = []
      await measured[scenario](server, { ...options, sessions: 10, messages: warmUp }, sink)
      await untilQuiet(server.pid)
    }
    for (let turn = 0; turn < repeat; turn++) {
      for (const server of servers) {
        const before = cpuMs(server.pid)
        const result = await measured[scenario](server, options, sink)
        // What the server still tidies after the last delivery is work for these messages too.
        await untilQuiet(server.pid)
        const run = { ...result, cpuMsEach: round((cpuMs(server.pid) - before) / messages, 3) }
        runs[server.name].push(run)
        say(`${scenario} ${sessions} sessions ${server.name}: ${run.rate}/s, ${run.cpuMsEach} ms CPU each`)
      }
    }
  } finally {
    for (const server of servers) await server.stop()
    sink?.stop()
  }
  return summary(runs)
}

const ingest = async (server, options) => {
  const { began, lastAccepted, ...result } = await load(server.port, options)
  return result
}

const local = async (server, options) => {
  const arrivals = join(server.maildir, "new")
  for (const name of readdirSync(arrivals)) unlinkSync(join(arrivals, name))
  const accepted = await load(server.port, options)
  return delivered(accepted, () => ({ count: readdirSync(arrivals).length, last: now() }))
}

const relay = async (server, options, sink) => {
  const before = await sink.counts()
  const accepted = await load(server.port, options)
  return delivered(accepted, async () => {
    const { recipients, duplicates, last } = await sink.counts()
    return { count: recipients - before.recipients, duplicates: duplicates - before.duplicates, last }
  })
}

const measured = { ingest, local, relay }

/** The longest that deliveries may stand still before a run is given up. */
const standstillMs = 30_000

const delivered = async ({ began, lastAccepted, accepted, rate, ...rest }, look) => {
  let seen = { count: -1 }
  for (let moved = now(); now() - moved < standstillMs; await sleep(10)) {
    const fresh = await look()
    if (fresh.count !== seen.count) moved = now()
    seen = fresh
    if (fresh.count >= accepted) break
  }
  const { count, last, ...more } = seen
  return {
    accepted,
    acceptRate: rate,
    ...rest,
    delivered: count,
    ...more,
    rate: round((count * 1000) / (last - began), 1)
  }
}

/** Medians for each server, and ours divided by Postfix's. */
const summary = (runs) => {
  const result = {}
  for (const [name, list] of Object.entries(runs)) {
    result[name] = {
      rate: median(list.map((run) => run.rate)),
      cpuMsEach: median(list.map((run) => run.cpuMsEach)),
      runs: list
    }
  }
  const { ours, postfix } = result
  if (ours && postfix) {
    result.rateRatio = round(ours.rate / postfix.rate)
    result.cpuRatio = round(ours.cpuMsEach / postfix.cpuMsEach)
  }
  return result
}
