/** What `thresher queue` prints: a line a message, or all about one, for people or for programs. */
import { type ByteString, fromText, isPrintable, replaceUnless, toText } from "../Bytes.ts"
import { type Channel, channels } from "../route/Channel.ts"
import { date822, type Seconds } from "../Time.ts"
import * as MessageNumber from "../queue/MessageNumber.ts"
import { heldUntil, isHeld, type QueuedMessage, type QueuedRecipient } from "../queue/QueuedMessage.ts"

export const heading: ByteString = "    number  age    size  left  next try  sender\n"

export const footing = (count: number): ByteString =>
  count === 0 ? "no messages\n" : count === 1 ? "1 message\n" : `${count} messages\n`

/** Not in the queue yet: other accounts left them for the server. */
export const dropped = (count: number): ByteString =>
  count === 0 ? "" : `${count} more from other accounts in drop, for the server to take\n`

/** `left`: how many recipients the line is about. */
export const line = (message: QueuedMessage, left: number, now: Seconds): ByteString =>
  [
    message.id.padStart(10),
    length(now - message.birth).padStart(4),
    size(message.bytes).padStart(7),
    String(left).padStart(5),
    ` ${nextTry(message, now).padEnd(9)}`,
    `<${safe(message.sender)}>${message.isBouncing ? " bouncing" : ""}\n`
  ].join(" ")

export const details = (message: QueuedMessage, split: number, now: Seconds): ByteString => {
  const { birth, bytes, due, id, isBouncing, recipients, sender, state } = message
  const facts: Array<readonly [string, ByteString]> = [
    ["sender", `<${safe(sender)}>`],
    ["arrived", `${date822(birth)}, ${length(now - birth)} ago`],
    ["size", `${bytes} bytes`],
    ["text", `queue/${MessageNumber.mess(id, split)}`]
  ]
  if (state === "S4") facts.push(["next try", "new: not sorted into local and remote yet"])
  for (const channel of channels) if (due[channel] !== undefined) facts.push([channel, whenDue(due[channel], now)])
  if (isBouncing) facts.push(["failures", `queue/${MessageNumber.bounce(id)}`])
  return (
    `message ${id}\n` +
    facts.map(([name, value]) => `  ${name.padEnd(8)}  ${value}\n`).join("") +
    recipients
      .map(
        ({ address, channel, isDone }) =>
          `  ${isDone ? "done" : "    "}  ${(channel ?? "").padEnd(6)}  ${safe(address)}\n`
      )
      .join("")
  )
}

/** One line of JSON. `next`: seconds since 1970, null for a channel that is held. */
export const json = (message: QueuedMessage, now: Seconds): ByteString => {
  const next: Partial<Record<Channel, Seconds | null>> = {}
  for (const channel of channels) {
    const due = message.due[channel]
    if (due !== undefined) next[channel] = due >= heldUntil ? null : due
  }
  return jsonLine({
    number: message.id,
    state: message.state === "S4" ? "new" : "queued",
    held: isHeld(message),
    bouncing: message.isBouncing,
    bytes: message.bytes,
    arrived: message.birth,
    age: now - message.birth,
    sender: toText(message.sender),
    next,
    recipients: message.recipients.map(({ address, channel, isDone }) => ({
      address: toText(address),
      ...(channel !== undefined && { channel }),
      done: isDone
    }))
  })
}

export const jsonLine = (value: unknown): ByteString => `${fromText(JSON.stringify(value))}\n`

/** `12s`, `59m`, `47h`, `9d`: never longer than four characters for what waits in a queue. */
export const length = (seconds: Seconds): string => {
  const [unit, name] = units.find(([unit, , max]) => seconds < unit * max) ?? [86400, "d"]
  return `${Math.max(0, Math.floor(seconds / unit))}${name}`
}
const units = [
  [1, "s", 100],
  [60, "m", 100],
  [3600, "h", 48]
] as const

/** `226`, `1.2K`, `48K`, `3.0M` */
const size = (bytes: number): string => {
  let value = bytes
  let unit = 0
  for (; value >= 999.5 && unit < 3; unit++) value /= 1024
  return unit === 0 ? String(bytes) : `${value < 10 ? value.toFixed(1) : Math.round(value)}${" KMG"[unit]}`
}

/** Of what waits for the administrator and what does not, the latter says when something happens. */
const nextTry = ({ due, recipients, state }: QueuedMessage, now: Seconds): string => {
  if (state === "S4") return "new"
  const waiting = channels.filter((channel) => recipients.some((one) => isLeft(one) && one.channel === channel))
  return whenDue(Math.min(...waiting.map((channel) => due[channel] ?? 0)), now)
}

const isLeft = ({ isDone }: QueuedRecipient): boolean => !isDone

const whenDue = (due: Seconds, now: Seconds): string =>
  due === Infinity || due <= now ? "now" : due >= heldUntil ? "held" : `in ${length(due - now)}`

/** As qmail-qread shows it. */
const safe = (text: ByteString): ByteString => replaceUnless(text, isPrintable, "_")
