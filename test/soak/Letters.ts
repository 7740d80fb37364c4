/** Letters with a number of their own, sent over SMTP, and found again in the Maildir. */
import { readFileSync } from "node:fs"
import { Conversation } from "../../bench/conversation.mjs"

export const textOf = (id: string, bytes = 2000): string =>
  `From: <sender@soak.test>\r\nSubject: ${id}\r\nX-Id: ${id}\r\n\r\n${"x"
    .repeat(70)
    .concat("\r\n")
    .repeat(bytes / 72)}`

/** One letter on an open conversation; resolves when the server has taken it upon itself. */
export const send = async (
  smtp: Conversation,
  id: string,
  to: ReadonlyArray<string>,
  bytes?: number
): Promise<void> => {
  await smtp.expect("250", "MAIL FROM:<sender@soak.test>\r\n")
  for (const recipient of to) await smtp.expect("250", `RCPT TO:<${recipient}>\r\n`)
  await smtp.expect("354", "DATA\r\n")
  await smtp.expect("250", `${textOf(id, bytes)}.\r\n`)
}

/** One letter on a conversation of its own. */
export const sendAlone = async (port: number, id: string, to: ReadonlyArray<string>, bytes?: number): Promise<void> => {
  const smtp = await Conversation.open(port)
  await smtp.expect("250", "EHLO soak.test\r\n")
  await send(smtp, id, to, bytes)
  await smtp.say("QUIT\r\n")
  smtp.close()
}

/** How often each number lies in these files. */
export const countIds = (files: ReadonlyArray<string>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const file of files) {
    const id = /^X-Id: (\S+)$/m.exec(readFileSync(file, "latin1"))?.[1] ?? "none"
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}

/** KiB resident now. */
export const residentKiB = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))![1])
