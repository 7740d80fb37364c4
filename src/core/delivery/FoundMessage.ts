/** A message in S5 as its files say it. */
import type { MessageNumber } from "../queue/MessageNumber.ts"
import type { Channel } from "../route/Channel.ts"
import type { EpochSeconds } from "../Time.ts"

export interface FoundMessage {
  readonly id: MessageNumber
  /** The mtime of each channel file that exists. */
  readonly due: Readonly<Partial<Record<Channel, EpochSeconds>>>
  /** A file that could not be looked at. */
  readonly trouble?: string
}
