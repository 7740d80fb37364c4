/**
 * Is there a descriptor for another client, and what does the log say if not?
 *
 * A connection that cannot be accepted for want of one is closed by the runtime without a word to us, and a queue that
 * cannot open its files refuses mail: so the last eighth of all descriptors is kept for the queue and for deliveries.
 */
import { type ByteString } from "../Bytes.ts"
import { type Errno, systemText } from "../Outcome.ts"

/** A new descriptor is the lowest that is free: its number says how many are in use. `most`: Infinity for no limit. */
export const isReserved = (descriptor: number, most: number): boolean =>
  most !== Infinity && descriptor >= most - Math.floor(most / 8)

/** Clients come and go at the limit: the log is told once a minute. Times in seconds. */
export const isWorthSaying = (saidAt: number, now: number): boolean => now - saidAt >= 60

export const refusing = (most: number): ByteString =>
  `warning: out of descriptors: of ${most} the last are kept for the queue; new clients are sent away`

/** `errno`: why none could be opened. */
export const exhausted = (errno: Errno): ByteString =>
  `alert: out of descriptors: ${systemText(errno)}; new connections are lost`
