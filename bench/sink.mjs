#!/usr/bin/env node
// A counting SMTP sink: takes every message, keeps none.
//   node bench/sink.mjs PORT [--delay MS]    prints its counts as JSON at SIGTERM
// Forked with IPC it also answers each message from its parent with the counts so far.
// `delay` is the wait before each answer, the greeting included.
import net from "node:net"
import { fork } from "node:child_process"
import { fileURLToPath, pathToFileURL } from "node:url"
import { parseArgs } from "node:util"
import { now } from "./statistics.mjs"

/** Counts: messages, recipients, duplicates (same X-Id and recipient again), sessions, the most at once, `last` message. */
export const openSink = (port = 0, { delay = 0 } = {}) => {
  const counts = { messages: 0, recipients: 0, duplicates: 0, sessions: 0, open: 0, peakSessions: 0, last: 0 }
  const seen = new Set()
  const taken = (head, recipients) => {
    const id = /^X-Id: (\S+)/im.exec(head)?.[1]
    counts.messages += 1
    counts.recipients += recipients.length
    counts.last = now()
    if (id === undefined) return
    for (const recipient of recipients) {
      const key = `${id} ${recipient}`
      if (seen.has(key)) counts.duplicates += 1
      seen.add(key)
    }
  }
  const server = net.createServer({ noDelay: true }, (socket) => {
    counts.sessions += 1
    counts.open += 1
    counts.peakSessions = Math.max(counts.peakSessions, counts.open)
    socket.setEncoding("latin1")
    socket.on("error", () => undefined)
    socket.on("close", () => (counts.open -= 1))
    converse(socket, delay, taken)
  })
  return new Promise((resolve, reject) => {
    server.on("error", reject)
    server.listen({ port, host: "127.0.0.1", backlog: 1024 }, () =>
      resolve({ port: server.address().port, counts, close: () => server.close() })
    )
  })
}

const converse = (socket, delay, taken) => {
  let rest = ""
  let text = null
  let recipients = []
  const answer = (line) => {
    if (delay === 0) socket.write(`${line}\r\n`)
    else setTimeout(() => socket.write(`${line}\r\n`), delay)
  }
  const obey = (line) => {
    switch (line.slice(0, 4).toUpperCase()) {
      case "EHLO":
        return answer("250-sink.test\r\n250-PIPELINING\r\n250 8BITMIME")
      case "MAIL":
      case "RSET":
        recipients = []
        return answer("250 ok")
      case "RCPT":
        recipients.push(line.slice(8))
        return answer("250 ok")
      case "DATA":
        text = ""
        return answer("354 go ahead")
      case "QUIT":
        return socket.end("221 bye\r\n")
      default:
        return answer("250 ok")
    }
  }
  answer("220 sink.test ESMTP")
  socket.on("data", (chunk) => {
    rest += chunk
    for (;;) {
      if (text !== null) {
        // Of the text only its beginning is kept, for the X-Id, and its end is looked for.
        const all = "\r\n" + rest
        const end = text === "" ? all.indexOf("\r\n.\r\n") : rest.indexOf("\r\n.\r\n")
        if (end < 0) {
          if (text.length < 2048) text += rest.slice(0, -4)
          rest = rest.slice(-4)
          return
        }
        taken(text + rest, recipients)
        rest = text === "" ? all.slice(end + 5) : rest.slice(end + 5)
        text = null
        recipients = []
        answer("250 ok")
      }
      const end = rest.indexOf("\n")
      if (end < 0) return
      const line = rest.slice(0, end).trimEnd()
      rest = rest.slice(end + 1)
      obey(line)
    }
  })
}

/** A sink in a process of its own: `counts()` asks it. */
export const forkSink = async (options = {}) => {
  const child = fork(fileURLToPath(import.meta.url), ["0", "--delay", String(options.delay ?? 0)])
  const told = () => new Promise((resolve) => child.once("message", resolve))
  const { port } = await told()
  const counts = () => {
    const answered = told()
    child.send("counts")
    return answered
  }
  return { port, counts, stop: () => child.kill("SIGKILL") }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { delay: { type: "string", default: "0" } }
  })
  const sink = await openSink(Number(positionals[0] ?? 0), { delay: Number(values.delay) })
  if (process.send) {
    process.send({ port: sink.port })
    process.on("message", () => process.send(sink.counts))
    process.on("disconnect", () => process.exit(0))
  } else {
    console.error(`sink on 127.0.0.1:${sink.port}`)
    process.on("SIGTERM", () => {
      console.log(JSON.stringify(sink.counts))
      process.exit(0)
    })
  }
}
