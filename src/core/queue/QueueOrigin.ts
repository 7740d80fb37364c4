/** On whose behalf is this message queued? (queue.md 2; qmail-queue.c, received_setup) */

/** As it stands in the Received field. */
export type QueueOrigin = "by alias" | "from network" | "for bounce" | `by uid ${number}`

/** The user ids of three of qmail's users; a user that this machine does not have plays no part. */
export interface RoleIds {
  readonly alias: number | undefined
  readonly qmaild: number | undefined
  readonly qmails: number | undefined
}

/** A program is known by the real user id of its caller. */
export const ofCaller = (uid: number, roles: RoleIds): QueueOrigin => {
  if (uid === roles.alias) return "by alias"
  if (uid === roles.qmaild) return "from network"
  if (uid === roles.qmails) return "for bounce"
  return `by uid ${uid}`
}

/** In one process, where all have the same user id, the part that queues says what it is. */
export const ofPart = (part: "network" | "bounce" | "user", uid: number): QueueOrigin =>
  part === "network" ? "from network" : part === "bounce" ? "for bounce" : `by uid ${uid}`
