/** Which of S1 to S5 is this message in, and what may follow? (INTERNALS, section 2; queue.md 3) */

/** Which files of one number exist. */
export interface Presence {
  readonly mess: boolean
  readonly intd: boolean
  readonly todo: boolean
  readonly info: boolean
  readonly local: boolean
  readonly remote: boolean
  readonly bounce: boolean
}

/**
 * S1 no such message; S2 being written, removed or abandoned; S3 its envelope too; S4 queued; S5 preprocessed.
 * `Damaged`: no order of effects of any program leaves this behind.
 */
export type QueueState = "S1" | "S2" | "S3" | "S4" | "S5" | "Damaged"

export const stateOf = (files: Presence): QueueState => {
  const { bounce, info, intd, local, mess, remote, todo } = files
  if (todo) return mess && !bounce ? "S4" : "Damaged"
  if (info) return mess && !intd ? "S5" : "Damaged"
  if (local || remote || bounce) return "Damaged"
  if (intd) return mess ? "S3" : "Damaged"
  return mess ? "S2" : "S1"
}

/** One act of one program. */
export const mayFollow = (from: QueueState, to: QueueState): boolean => from === to || follow[from].includes(to)

const follow: Readonly<Record<QueueState, ReadonlyArray<QueueState>>> = {
  S1: ["S2"],
  S2: ["S3", "S1"],
  S3: ["S4", "S2"],
  S4: ["S5"],
  S5: ["S2"],
  Damaged: []
}

/** Has qmail-queue told its caller that it takes responsibility, or may it have? */
export const isAccepted = (state: QueueState): boolean => state === "S4" || state === "S5"
