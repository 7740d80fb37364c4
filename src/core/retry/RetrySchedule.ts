/**
 * When is an undelivered message tried again, and which attempt is its last?
 *
 * The older a message, the longer the wait: each attempt adds a constant to the square root
 * of the age. A remote recipient is tried at the ages 0, 400, 1600, 3600 s, ...; a local one
 * at 0, 100, 400, 900 s, ... Age alone decides, so a restart changes nothing.
 *
 * A clock that was wrong and is set back leaves messages that were born in the future. In a qmail home they wait until
 * then; in ours no wait is longer than the longest that the schedule makes within the lifetime of a message.
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
  /** A qmail home: counts from `birth`, even where that is in the future. Default: no. */
  readonly classic?: boolean
}

export interface Plan {
  /** Always later than `now`. */
  readonly retryAt: EpochSeconds
  /** If true, a temporary failure in this pass counts as permanent. */
  readonly lastAttempt: boolean
}

/** Planned once, when a pass over the message's recipients begins. */
export const plan = (pass: Pass): Plan => {
  const { birth, channel, classic = false, lifetime, now } = pass
  const age = Math.max(0, now - birth)
  const root = Math.floor(Math.sqrt(age)) + rootStep[channel]
  const retryAt = EpochSeconds(birth + root * root)
  const isFuture = !classic && birth > now
  return { retryAt: isFuture ? within(pass, retryAt) : retryAt, lastAttempt: now > birth + lifetime }
}

/** This time, or the end of the longest wait if that comes sooner. */
export const within = ({ channel, lifetime, now }: Omit<Pass, "birth" | "classic">, at: EpochSeconds): EpochSeconds =>
  EpochSeconds(Math.min(at, now + longestWait(channel, lifetime)))

/** Of a message that is tried at the last square before the end of its lifetime. */
const longestWait = (channel: Channel, lifetime: Seconds): Seconds => {
  const step = rootStep[channel]
  return 2 * Math.floor(Math.sqrt(lifetime)) * step + step * step
}

/** Smaller is sooner. Trying our own disk again is cheap; bothering a stranger's host is not. */
const rootStep = { local: 10, remote: 20 } as const satisfies Record<Channel, number>
