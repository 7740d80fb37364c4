/**
 * Which leftovers are dead?
 *
 * A qmail-queue lives a day at most, so what nobody has touched for a day and a half belongs to nobody. When the
 * server starts nobody is at work at all, and files of a message that has no text are dead at once: its number will
 * be given to another message, which must not meet them.
 *
 * From: qmail-send.c, cleanup_do(); qmail-clean.c, cleanuppid().
 */
import type { Seconds } from "../Time.ts"
import type { MessageNumber } from "./MessageNumber.ts"

export interface FileAge {
  readonly now: Seconds
  /** Both in seconds since 1970. The original trusts atime alone, which noatime freezes. */
  readonly atime: Seconds
  readonly mtime: Seconds
}

/** A file of mess/ without info and without todo: S2 or S3. */
export const isAbandonedMessage = (
  facts: FileAge & { readonly hasInfo: boolean; readonly hasTodo: boolean }
): boolean => !facts.hasInfo && !facts.hasTodo && facts.now > lastTouched(facts) + ossified

/** A file of pid/. */
export const isAbandonedName = (facts: FileAge): boolean => facts.now >= lastTouched(facts) + ossified

/** The numbers that stand in each directory. */
export interface Listing {
  readonly mess: ReadonlySet<MessageNumber>
  readonly intd: ReadonlySet<MessageNumber>
  readonly todo: ReadonlySet<MessageNumber>
  readonly info: ReadonlySet<MessageNumber>
  readonly local: ReadonlySet<MessageNumber>
  readonly remote: ReadonlySet<MessageNumber>
  readonly bounce: ReadonlySet<MessageNumber>
}

export interface DeadFile {
  readonly directory: "intd" | "todo" | "info" | "local" | "remote" | "bounce"
  readonly id: MessageNumber
}

/** What to remove before a server starts, in this order. A message that has its text keeps everything but what S4 and S5 forbid. */
export const deadAtStart = (listing: Listing): ReadonlyArray<DeadFile> =>
  orphanDirectories.flatMap((directory) =>
    [...listing[directory]].filter((id) => isDead(listing, directory, id)).map((id) => ({ directory, id }))
  )

const isDead = (listing: Listing, directory: DeadFile["directory"], id: MessageNumber): boolean => {
  if (!listing.mess.has(id)) return true
  if (listing.todo.has(id)) return false
  // A message without todo and info is not queued (S2, S3): recipients and failures beside it are another's.
  if (directory === "local" || directory === "remote" || directory === "bounce") return !listing.info.has(id)
  return directory === "intd" && listing.info.has(id)
}

/** info after the recipients: without it they are nobody's, and nobody delivers to them. */
const orphanDirectories = ["todo", "info", "local", "remote", "bounce", "intd"] as const

/** 36 hours. Must exceed the 24 hours of qmail-queue (QueueIntake.lifetime). */
export const ossified: Seconds = 129600

const lastTouched = ({ atime, mtime }: FileAge): Seconds => Math.max(atime, mtime)
