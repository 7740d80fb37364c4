/**
 * What becomes of a transaction whose connection is at its end?
 *
 * Hosts take so many messages over a connection, or hold it for so long, and not more (RFC 5321, 3.8): the end of one
 * that was used before says nothing about this message, unless its text was sent or its fate is settled already. And
 * where a domain has more hosts, another one may take what this one has lost (RFC 5321, 5.1; control/mxtry).
 */
import type { RemoteSettings } from "./RemoteSettings.ts"

/** What the host was last asked for; `dot`: some of the text was sent. */
export type Stage = "greeting" | "ehlo" | "helo" | "rset" | "mail" | "rcpt" | "data" | "dot"

export type Cause =
  /** Closed, reset or broken. */
  | "ended"
  | "timed out"
  /** It has said 421. */
  | "closing"
  /** It has said what is no reply: nobody can tell what the next one answers. */
  | "garbled"

export interface Loss {
  readonly stage: Stage
  readonly cause: Cause
  readonly task: Pick<RemoteSettings, "classic" | "esmtp" | "moveOn">
  /** The connection has carried a transaction before. */
  readonly isUsed: boolean
  /** A recipient is accepted. */
  readonly accepted: boolean
  /** The report about the message is known. */
  readonly isSettled: boolean
}

export type Remedy =
  /** Over a fresh connection. */
  | "begin again"
  | "begin again with HELO"
  | "try another host"
  /** Only the reply to DATA is missing, and nobody is to get the message. */
  | "give up"
  | "report"

export const remedy = (loss: Loss): Remedy => {
  const { accepted, cause, isSettled, isUsed, stage } = loss
  if (isSettled || stage === "dot") return "report"
  if (stage === "data" && !accepted) return "give up"
  // A host that has answered something is there: it is only slow.
  if (isUsed && (cause !== "timed out" || stage === "rset")) return "begin again"
  if (isEhloUnwelcome(loss)) return "begin again with HELO"
  return mayMoveOn(loss) ? "try another host" : "report"
}

/** Some hosts that take mail after HELO end the connection at EHLO, or at the HELO behind one that they have refused. */
const isEhloUnwelcome = ({ cause, stage, task }: Loss): boolean =>
  (cause === "ended" || cause === "closing") && (stage === "ehlo" || (stage === "helo" && task.esmtp))

const mayMoveOn = ({ stage, task: { classic, moveOn } }: Loss): boolean => {
  switch (stage) {
    // A host that ends before its greeting never was there.
    case "greeting":
      return !classic || moveOn !== "never"
    case "ehlo":
    case "helo":
      return moveOn !== "never"
    case "rset":
    case "mail":
    case "rcpt":
    case "data":
      return moveOn === "temporary"
    case "dot":
      return false
  }
}
