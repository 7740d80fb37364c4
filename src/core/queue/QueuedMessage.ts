/** A message as the queue holds it: what an administrator is shown, and what his requests are about. */
import type { Address } from "../address/Address.ts"
import type { Channel } from "../route/Channel.ts"
import type { Seconds } from "../Time.ts"
import type { MessageNumber } from "./MessageNumber.ts"

export interface QueuedRecipient {
  /** Undefined before preprocessing. */
  readonly channel: Channel | undefined
  /** Where its T or D stands in the channel file; in a message of todo, its place among the recipients. */
  readonly position: number
  readonly address: Address
  readonly isDone: boolean
}

export interface QueuedMessage {
  readonly id: MessageNumber
  /** S4: not preprocessed. S5: being delivered. */
  readonly state: "S4" | "S5"
  readonly bytes: number
  /** When it came, in seconds since 1970. */
  readonly birth: Seconds
  /** The mtime of its text, with fraction: another message that gets this number one day was written later. */
  readonly written: Seconds
  readonly sender: Address
  readonly recipients: ReadonlyArray<QueuedRecipient>
  /** When each channel is tried next, if qmail-send is not running: the mtime of its file. */
  readonly due: Readonly<Partial<Record<Channel, Seconds>>>
  readonly isBouncing: boolean
}

/** A channel that is due in the year 2100 waits for the administrator. A qmail-send of any make leaves it alone. */
export const heldUntil: Seconds = 4102444800

export const isHeld = (message: QueuedMessage): boolean =>
  Object.values(message.due).some((time) => time !== undefined && time >= heldUntil)
