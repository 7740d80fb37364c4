/** Which messages, and which of their recipients, does the administrator mean? */
import { type Address, split } from "../address/Address.ts"
import { type ByteString, lower } from "../Bytes.ts"
import type { Seconds } from "../Time.ts"
import type { MessageNumber } from "../queue/MessageNumber.ts"
import { isHeld, type QueuedMessage, type QueuedRecipient } from "../queue/QueuedMessage.ts"

/** Everything that is given must fit. Addresses and hosts are compared without regard to ASCII case; `*` fits anything. */
export interface Query {
  readonly ids?: ReadonlySet<MessageNumber>
  readonly sender?: ByteString
  readonly recipient?: ByteString
  /** A domain, or `.domain` for all below it. */
  readonly host?: ByteString
  /** Seconds in the queue: at least, at most. */
  readonly olderThan?: Seconds
  readonly youngerThan?: Seconds
  readonly held?: boolean
}

export interface Selection {
  readonly message: QueuedMessage
  /** Of the undone ones: those that fit `recipient` and `host`; all if neither was given. */
  readonly recipients: ReadonlyArray<QueuedRecipient>
  /** Whether the query named recipients: then a request is about these, and not about the message. */
  readonly isPartial: boolean
}

/** What is held waits for a release; what is not held needs none. */
export const meantBy: Readonly<Record<"retry" | "hold" | "release" | "bounce" | "delete", Query>> = {
  retry: { held: false },
  hold: {},
  release: { held: true },
  bounce: {},
  delete: {}
}

/** Undefined: not meant. */
export const select = (query: Query, message: QueuedMessage, now: Seconds): Selection | undefined => {
  const age = now - message.birth
  if (query.ids !== undefined && !query.ids.has(message.id)) return undefined
  if (query.sender !== undefined && !fits(query.sender, message.sender)) return undefined
  if (query.olderThan !== undefined && age < query.olderThan) return undefined
  if (query.youngerThan !== undefined && age > query.youngerThan) return undefined
  if (query.held !== undefined && query.held !== isHeld(message)) return undefined
  const isPartial = query.recipient !== undefined || query.host !== undefined
  const recipients = message.recipients.filter(
    ({ address, isDone }) =>
      !isDone &&
      (query.recipient === undefined || fits(query.recipient, address)) &&
      (query.host === undefined || isAt(query.host, address))
  )
  return isPartial && recipients.length === 0 ? undefined : { message, recipients, isPartial }
}

/** Runs of `*` and other text, from left to right: no pattern takes longer than its length times the text's. */
const fits = (pattern: ByteString, text: Address): boolean => {
  const pieces = lower(pattern).split("*")
  const folded = lower(text)
  if (pieces.length === 1) return pieces[0] === folded
  const first = pieces[0]!
  const last = pieces.at(-1)!
  if (folded.length < first.length + last.length || !folded.startsWith(first) || !folded.endsWith(last)) return false
  let at = first.length
  for (const piece of pieces.slice(1, -1)) {
    const found = folded.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return at <= folded.length - last.length
}

const isAt = (host: ByteString, address: Address): boolean => {
  const domain = lower(split(address)?.domain ?? "")
  const wanted = lower(host)
  return wanted.startsWith(".") ? domain.endsWith(wanted) : domain === wanted
}
