// How much memory: the idle server, and what one message of 50 MB adds at the peak, from SMTP to Maildir.
import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { Conversation } from "./conversation.mjs"
import { forgetPeak, peakMiB, residentMiB, sharedOutMiB, untilQuiet } from "./figures.mjs"
import { bodyOf, headerOf } from "./load.mjs"
import { startPostfix } from "./postfix.mjs"
import { now, round, sleep } from "./statistics.mjs"
import { startThresher } from "./thresher.mjs"

const bigBytes = 50_000_000

/** One after the other, to see whether the growth is once or each time. */
const bigMessages = 3

export const memory = async ({ below, ours, postfix, say }) => {
  const result = {}
  if (ours) result.ours = await oursOf(below)
  if (postfix) {
    const peer = await startPostfix(below, "local")
    await untilQuiet(peer.pid)
    result.postfix = { idleSharedOutMiB: round(sharedOutMiB(peer.pid), 1) }
    await peer.stop()
  }
  say(`memory: ${JSON.stringify(result)}`)
  return result
}

const oursOf = async (below) => {
  const server = await startThresher(below, "local")
  try {
    await untilQuiet(server.pid, 1000)
    const idle = residentMiB(server.pid)
    const growth = []
    for (let sent = 1; sent <= bigMessages; sent++) {
      forgetPeak(server.pid)
      await sendBig(server.port)
      await untilArrived(join(server.maildir, "new"), sent)
      growth.push(round(peakMiB(server.pid) - idle, 1))
    }
    return { idleMiB: round(idle, 1), idleSharedOutMiB: round(sharedOutMiB(server.pid), 1), peakGrowthMiB: growth }
  } finally {
    await server.stop()
  }
}

const sendBig = async (port) => {
  const smtp = await Conversation.open(port)
  await smtp.expect("250", "EHLO bench.test\r\n")
  await smtp.expect("250", "MAIL FROM:<sender@bench.test>\r\n")
  await smtp.expect("250", "RCPT TO:<bench@local.test>\r\n")
  await smtp.expect("354", "DATA\r\n")
  await smtp.expect("250", headerOf("big", "bench@local.test") + bodyOf(bigBytes) + ".\r\n")
  await smtp.say("QUIT\r\n")
  smtp.close()
}

const untilArrived = async (arrivals, count) => {
  for (const began = now(); now() - began < 60_000; await sleep(50)) {
    const names = readdirSync(arrivals)
    if (names.length >= count && names.every((name) => statSync(join(arrivals, name)).size >= 0.9 * bigBytes)) return
  }
  throw new Error("the big message did not arrive within a minute")
}
