/**
 * What do MAIL and RCPT say to this address, and what envelope grows from it?
 *
 * MAIL may be repeated and begins anew; an address that cannot be parsed changes nothing.
 *
 * From: qmail-smtpd.c, smtp_mail and smtp_rcpt.
 */
import * as Result from "effect/Result"
import type { Address } from "../address/Address.ts"
import type { ByteString } from "../Bytes.ts"
import * as GrowingList from "../GrowingList.ts"
import * as RcptPolicy from "../relay/RcptPolicy.ts"
import * as RelayClients from "../relay/RelayClients.ts"
import * as SenderChecks from "../relay/SenderChecks.ts"
import * as SmtpPath from "./SmtpPath.ts"
import type { Client, SmtpPolicy } from "./SmtpPolicy.ts"
import * as SmtpReply from "./SmtpReply.ts"

export interface Transaction {
  readonly sender: Address
  readonly senderRefused: boolean
  readonly recipients: GrowingList.GrowingList<Address>
}

interface Context {
  readonly policy: SmtpPolicy
  readonly client: Client
  readonly transaction: Transaction | undefined
}

export interface Verdict {
  readonly reply: ByteString
  readonly transaction: Transaction | undefined
  /** Nothing can be said after that reply. */
  readonly endsSession?: boolean
}

export const mail = ({ policy, transaction }: Context, argument: ByteString): Verdict => {
  const path = SmtpPath.parse(argument, policy.localIpHost)
  if (Result.isFailure(path)) return { reply: SmtpReply.syntax, transaction }
  const { address: sender, parameters } = path.success
  const size = policy.offersSize && policy.dataBytes > 0 ? SmtpPath.announcedSize(parameters) : undefined
  if (size !== undefined && size > policy.dataBytes) return { reply: SmtpReply.tooBig, transaction: undefined }
  const senderRefused = SenderChecks.isRefused(policy.badmailfrom, sender)
  return { reply: SmtpReply.ok, transaction: { sender, senderRefused, recipients: GrowingList.empty } }
}

export const rcpt = ({ client, policy, transaction }: Context, argument: ByteString): Verdict => {
  if (transaction === undefined) return { reply: SmtpReply.mailFirst, transaction }
  const path = SmtpPath.parse(argument, policy.localIpHost)
  if (Result.isFailure(path)) return { reply: SmtpReply.syntax, transaction }
  const { recipients, senderRefused } = transaction
  const verdict = RcptPolicy.decideRcpt({
    recipient: path.success.address,
    senderRefused,
    relaySuffix: RelayClients.suffixFor(policy.relayClients, client.remoteIp, client.relayVariable),
    rcptHosts: policy.rcptHosts,
    recipients: recipients.length,
    recipientsMax: policy.limits.recipientsMax
  })
  switch (verdict._tag) {
    case "Accept":
      return {
        reply: SmtpReply.ok,
        transaction: { ...transaction, recipients: GrowingList.add(recipients, verdict.recipient) }
      }
    case "BadSender":
      return { reply: SmtpReply.badSender, transaction }
    case "NoRelay":
      return { reply: SmtpReply.noRelay, transaction }
    case "Unknown":
      return { reply: SmtpReply.noControls, transaction: undefined, endsSession: true }
    case "TooMany":
      return { reply: SmtpReply.tooManyRecipients, transaction }
  }
}
