#!/usr/bin/env node
// The load source: `sessions` SMTP clients at once, each sending one message after the other on one connection.
//   node bench/load.mjs PORT [--sessions 10] [--messages 1000] [--size 4096] [--to bench@local.test]
import { pathToFileURL } from "node:url"
import { parseArgs } from "node:util"
import { Conversation } from "./conversation.mjs"
import { median, now, percentile, round } from "./statistics.mjs"

/**
 * Sends `messages` messages with bodies of `size` bytes. Every message has its own `X-Id: RUN.NUMBER`.
 * Rate counts from the first connection to the last 250; the latency of a message from its MAIL to its 250.
 */
export const load = async (port, { sessions, messages, size, to = "bench@local.test", run = newRun() }) => {
  const text = Buffer.from(bodyOf(size) + ".\r\n", "latin1")
  const latencies = []
  const errors = {}
  const began = now()
  let next = 0
  let lastAccepted = began
  const client = async () => {
    const smtp = await Conversation.open(port)
    await smtp.expect("250", "EHLO bench.test\r\n")
    while (next < messages) {
      const id = `${run}.${next++}`
      const start = now()
      await smtp.expect("250", "MAIL FROM:<sender@bench.test>\r\n")
      await smtp.expect("250", `RCPT TO:<${to}>\r\n`)
      await smtp.expect("354", "DATA\r\n")
      await smtp.expect("250", Buffer.concat([Buffer.from(headerOf(id, to), "latin1"), text]))
      lastAccepted = now()
      latencies.push(lastAccepted - start)
    }
    await smtp.say("QUIT\r\n").catch(() => undefined)
    smtp.close()
  }
  const counted = (error) => {
    errors[error.message] = (errors[error.message] ?? 0) + 1
  }
  await Promise.all(Array.from({ length: Math.min(sessions, messages) }, () => client().catch(counted)))
  const seconds = (lastAccepted - began) / 1000
  return {
    accepted: latencies.length,
    seconds: round(seconds, 3),
    rate: round(latencies.length / seconds, 1),
    p50Ms: round(median(latencies)),
    p99Ms: round(percentile(latencies, 0.99)),
    began,
    lastAccepted,
    ...(Object.keys(errors).length > 0 && { errors })
  }
}

export const newRun = () => `${process.pid.toString(36)}-${Math.floor(now()).toString(36)}`

/** Lines of 76 letters and CR LF: `size` bytes in all. */
export const bodyOf = (size) => {
  const line = "x".repeat(76) + "\r\n"
  const rest = size % line.length
  const last = rest > 2 ? "x".repeat(rest - 2) + "\r\n" : ""
  return line.repeat(Math.floor(size / line.length)) + last
}

export const headerOf = (id, to) =>
  `From: <sender@bench.test>\r\nTo: <${to}>\r\nSubject: bench\r\n` +
  `Date: Thu, 01 Jan 2026 00:00:00 +0000\r\nMessage-ID: <${id}@bench.test>\r\nX-Id: ${id}\r\n\r\n`

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      sessions: { type: "string", default: "10" },
      messages: { type: "string", default: "1000" },
      size: { type: "string", default: "4096" },
      to: { type: "string", default: "bench@local.test" }
    }
  })
  const result = await load(Number(positionals[0]), {
    sessions: Number(values.sessions),
    messages: Number(values.messages),
    size: Number(values.size),
    to: values.to
  })
  console.log(JSON.stringify(result))
}
