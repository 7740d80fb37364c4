/**
 * What do MAIL and RCPT say to this address, and what envelope grows from it?
 *
 * MAIL may be repeated and begins anew. A MAIL that cannot be parsed changes nothing in a qmail home; in ours it ends
 * the transaction that was open.
 *
 * From: qmail-smtpd.c, smtp_mail and smtp_rcpt. RFC 5321, 4.1.1.2, 4.1.1.3, 4.1.1.11.
 */
import * as Result from "effect/Result"
import { type Address, untilNul } from "../address/Address.ts"
import type { ByteString } from "../Bytes.ts"
import * as GrowingList from "../GrowingList.ts"
import * as RcptPolicy from "../relay/RcptPolicy.ts"
import * as RelayClients from "../relay/RelayClients.ts"
import * as SenderChecks from "../relay/SenderChecks.ts"
import * as MailParameters from "./MailParameters.ts"
import * as SmtpPath from "./SmtpPath.ts"
import type { Client, SmtpPolicy } from "../intake/SmtpPolicy.ts"
import * as SmtpReply from "./SmtpReply.ts"
import * as StrictPath from "./StrictPath.ts"

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
  const read = policy.isStrict ? strictly("FROM", argument, policy) : leniently(argument, policy)
  // A group of pipelined commands goes on behind a refusal: its recipients must not join an older transaction.
  if (Result.isFailure(read)) return { reply: read.failure, transaction: policy.isStrict ? undefined : transaction }
  const { address: sender, size } = read.success
  if (policy.offersSize && policy.dataBytes > 0 && size !== undefined && size > policy.dataBytes)
    return { reply: SmtpReply.tooBig, transaction: undefined }
  const senderRefused = SenderChecks.isRefused(policy.badmailfrom, sender)
  return {
    reply: SmtpReply.ok,
    transaction: { sender: untilNul(sender), senderRefused, recipients: GrowingList.empty }
  }
}

export const rcpt = ({ client, policy, transaction }: Context, argument: ByteString): Verdict => {
  if (transaction === undefined) return { reply: SmtpReply.mailFirst, transaction }
  const read = policy.isStrict ? strictly("TO", argument, policy) : leniently(argument, policy)
  if (Result.isFailure(read)) return { reply: read.failure, transaction }
  const { recipients, senderRefused } = transaction
  const verdict = RcptPolicy.decideRcpt({
    recipient: read.success.address,
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

interface Path extends MailParameters.MailParameters {
  readonly address: Address
}

/** Fails with the reply. */
type Read = Result.Result<Path, ByteString>

/** Parameters mean nothing to qmail. */
const leniently = (argument: ByteString, { localIpHost }: SmtpPolicy): Read =>
  Result.mapBoth(SmtpPath.parse(argument, localIpHost), {
    onFailure: () => SmtpReply.syntax,
    onSuccess: ({ address }) => ({ address, size: undefined })
  })

const strictly = (keyword: StrictPath.Keyword, argument: ByteString, { localIpHost }: SmtpPolicy): Read => {
  const path = StrictPath.parse(keyword, argument, localIpHost)
  if (Result.isFailure(path)) return Result.fail(complaints[keyword][path.failure])
  const { address, parameters } = path.success
  return Result.mapBoth(keyword === "FROM" ? MailParameters.ofMail(parameters) : MailParameters.ofRcpt(parameters), {
    onFailure: () => SmtpReply.badParameter,
    onSuccess: (given) => ({ ...given, address })
  })
}

const complaints = {
  FROM: { "no path": SmtpReply.fromMissing, syntax: SmtpReply.senderSyntax, "too long": SmtpReply.pathTooLong },
  TO: { "no path": SmtpReply.toMissing, syntax: SmtpReply.recipientSyntax, "too long": SmtpReply.pathTooLong }
} satisfies Record<StrictPath.Keyword, Record<StrictPath.Flaw, ByteString>>
