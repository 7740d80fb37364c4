/**
 * When is an undelivered message tried again, and which attempt is its last?
 *
 * The older a message, the longer the wait: each attempt adds a constant to the square root
 * of the age. A remote recipient is tried at the ages 0, 400, 1600, 3600 s, ...; a local one
 * at 0, 100, 400, 900 s, ... Age alone decides, so a restart changes nothing.
 *
 * From: qmail-send.c, nextretry() and flagdying. Lifetime: qmail-control(5).
 */
import type { Channel } from "../route/Channel.ts"
import { EpochSeconds, type Seconds } from "../Time.ts"

export interface Pass {
  readonly channel: Channel
  /** When the message entered the queue: the mtime of info/N. */
  readonly birth: EpochSeconds
  readonly now: EpochSeconds
  readonly lifetime: Seconds
}

export interface Plan {
  /** Always later than `now`, but for a clock that was set back behind `birth` it counts from there. */
  readonly retryAt: EpochSeconds
  /** If true, a temporary failure in this pass counts as permanent. */
  readonly lastAttempt: boolean
}

/** Planned once, when a pass over the message's recipients begins. */
export const plan = ({ birth, channel, lifetime, now }: Pass): Plan => {
  const age = Math.max(0, now - birth)
  const root = Math.floor(Math.sqrt(age)) + rootStep[channel]
  return { retryAt: EpochSeconds(birth + root * root), lastAttempt: now > birth + lifetime }
}

/** Smaller is sooner. Trying our own disk again is cheap; bothering a stranger's host is not. */
const rootStep = { local: 10, remote: 20 } as const satisfies Record<Channel, number>
