/**
 * What does a request of the administrator change on disk, and in which order?
 *
 * Each order leaves a queue that qmail-send understands, wherever it is cut short: at worst the request was not done.
 * A recipient is ended as a delivery would end it, so that qmail-send finishes the message by itself: the paragraph
 * first, then the D. A whole message goes from what makes it live to what it is made of.
 */
import type { ByteString } from "../Bytes.ts"
import type { Channel } from "../route/Channel.ts"
import type { Seconds } from "../Time.ts"
import type { MessageNumber } from "../queue/MessageNumber.ts"
import { heldUntil, type QueuedMessage, type QueuedRecipient } from "../queue/QueuedMessage.ts"
import type { Selection } from "./QueueQuery.ts"

export type Edit =
  | { readonly _tag: "SetDue"; readonly channel: Channel; readonly time: Seconds }
  /** Durable before the next edit. */
  | { readonly _tag: "AppendBounce"; readonly recipients: ReadonlyArray<QueuedRecipient> }
  | { readonly _tag: "MarkDone"; readonly channel: Channel; readonly position: number }
  /** Gone for good, directories synced, before the next edit. */
  | { readonly _tag: "Remove"; readonly files: ReadonlyArray<RemovableFile> }
  /** The same for files that are not qmail-send's: what qmail-clean is there for. */
  | { readonly _tag: "Clean"; readonly what: "RemoveTodo" | "RemoveMessage" }

export type RemovableFile = "info" | "local" | "remote" | "bounce"

export interface Request {
  readonly verb: "retry" | "hold" | "release" | "bounce" | "delete"
  readonly reason: ByteString
  /** Undefined: whatever has the number. */
  readonly written: Seconds | undefined
  /** Undefined: the whole message. */
  readonly places: ReadonlyArray<{ readonly channel: Channel; readonly position: number }> | undefined
}

/** Undefined: this cannot be asked of a message in this state, or it is not the message that was meant. */
export const plan = (request: Request, message: QueuedMessage, now: Seconds): ReadonlyArray<Edit> | undefined => {
  const { places, verb, written } = request
  if (written !== undefined && written !== message.written) return undefined
  if (verb === "delete" && places === undefined) return removal[message.state]
  if (message.state === "S4") return undefined
  const chosen = message.recipients.filter(
    ({ channel, isDone, position }) =>
      !isDone &&
      (places === undefined || places.some((place) => place.channel === channel && place.position === position))
  )
  switch (verb) {
    case "retry":
      return due(message, now, (time) => time < heldUntil)
    case "hold":
      return due(message, heldUntil, () => true)
    case "release":
      return due(message, now, (time) => time >= heldUntil)
    case "bounce":
      return chosen.length === 0
        ? undefined
        : [{ _tag: "AppendBounce", recipients: chosen }, ...chosen.flatMap(mark), ...wake(message, chosen, now)]
    case "delete":
      return chosen.length === 0 ? undefined : [...chosen.flatMap(mark), ...wake(message, chosen, now)]
  }
}

/** What a request says of a chosen message. Undefined: who is not sorted into a channel yet cannot be pointed at. */
export const aim = (verb: Request["verb"], { isPartial, message, recipients }: Selection): Aim | undefined => {
  const { id, state, written } = message
  if (state === "S4") return verb === "delete" && !isPartial ? { id, written, recipients: undefined } : undefined
  const places = recipients.flatMap(({ channel, position }) => (channel === undefined ? [] : [{ channel, position }]))
  return { id, written, recipients: isPartial ? places : undefined }
}

interface Aim {
  readonly id: MessageNumber
  readonly written: Seconds
  readonly recipients: ReadonlyArray<{ readonly channel: Channel; readonly position: number }> | undefined
}

const due = (message: QueuedMessage, time: Seconds, applies: (due: Seconds) => boolean): ReadonlyArray<Edit> =>
  (["local", "remote"] as const).flatMap((channel): ReadonlyArray<Edit> => {
    const now = message.due[channel]
    return now !== undefined && applies(now) ? [{ _tag: "SetDue", channel, time }] : []
  })

/** qmail-send looks at the channel at once, and finds what there is to finish. What is held stays held while it has work. */
const wake = (message: QueuedMessage, chosen: ReadonlyArray<QueuedRecipient>, time: Seconds): ReadonlyArray<Edit> =>
  (["local", "remote"] as const)
    .filter((channel) => chosen.some((recipient) => recipient.channel === channel))
    .filter(
      (channel) =>
        (message.due[channel] ?? 0) < heldUntil ||
        message.recipients.every(
          (recipient) => recipient.channel !== channel || recipient.isDone || chosen.includes(recipient)
        )
    )
    .map((channel) => ({ _tag: "SetDue", channel, time }))

const mark = ({ channel, position }: QueuedRecipient): ReadonlyArray<Edit> =>
  channel === undefined ? [] : [{ _tag: "MarkDone", channel, position }]

/** S4: todo is what makes it live; what preprocessing has begun must be gone before that, or it would be S5. */
const removal: Readonly<Record<QueuedMessage["state"], ReadonlyArray<Edit>>> = {
  S4: [
    { _tag: "Remove", files: ["local", "remote", "bounce", "info"] },
    { _tag: "Clean", what: "RemoveTodo" },
    { _tag: "Clean", what: "RemoveMessage" }
  ],
  S5: [
    { _tag: "Remove", files: ["local", "remote", "bounce"] },
    { _tag: "Remove", files: ["info"] },
    { _tag: "Clean", what: "RemoveMessage" }
  ]
}
