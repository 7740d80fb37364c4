/**
 * What is the one answer to RCPT?
 *
 * A refused sender is told at RCPT, not at MAIL, so that he sees which recipient he did not reach. Who may relay
 * is not asked for rcpthosts. No domain is looked up here: the answer costs no waiting.
 *
 * From: qmail-smtpd.c, smtp_rcpt.
 */
import { type Address, untilNul } from "../address/Address.ts"
import * as RcptHosts from "./RcptHosts.ts"

export interface Facts {
  /** It ends at a NUL, which only a control file can have put there. */
  readonly recipient: Address
  /** The sender is in badmailfrom. */
  readonly senderRefused: boolean
  /** What is added to recipients of a client who may relay; undefined for a stranger. */
  readonly relaySuffix: string | undefined
  readonly rcptHosts: RcptHosts.RcptHosts
  /** Already accepted for this message. */
  readonly recipients: number
  readonly recipientsMax: number
}

export type Verdict =
  | { readonly _tag: "Accept"; readonly recipient: Address }
  | { readonly _tag: "BadSender" }
  | { readonly _tag: "NoRelay" }
  /** Who may be sent to cannot be read. */
  | { readonly _tag: "Unknown" }
  | { readonly _tag: "TooMany" }

export const decideRcpt = (facts: Facts): Verdict => {
  if (facts.senderRefused) return { _tag: "BadSender" }
  const isAllowed = facts.relaySuffix !== undefined || RcptHosts.allows(facts.rcptHosts, untilNul(facts.recipient))
  if (isAllowed !== true) return { _tag: isAllowed === undefined ? "Unknown" : "NoRelay" }
  if (facts.recipients >= facts.recipientsMax) return { _tag: "TooMany" }
  return { _tag: "Accept", recipient: untilNul(facts.recipient + (facts.relaySuffix ?? "")) }
}
