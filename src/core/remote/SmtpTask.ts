/** One transaction that is to be made with a host: its addresses in the form of RFC 821, and how to go about it. */
import { type Address, split } from "../address/Address.ts"
import * as AddressQuoting from "../address/AddressQuoting.ts"
import type { ByteString } from "../Bytes.ts"
import type { BareCr, MoveOn, RemoteSettings } from "./RemoteSettings.ts"
import type { Extensions } from "./SmtpAnswer.ts"

export interface SmtpTask {
  /** Replies are read as qmail-remote reads them, whatever they are. */
  readonly classic: boolean
  /** The host's address, as reports show it. */
  readonly partner: ByteString
  readonly helo: ByteString
  /** In the form of RFC 821: quoted where needed. */
  readonly sender: ByteString
  /** At least one, in the form of RFC 821. */
  readonly recipients: ReadonlyArray<ByteString>
  /** Size of the stored message. */
  readonly messageBytes: number | undefined
  readonly bareCr: BareCr
  /** EHLO first. */
  readonly esmtp: boolean
  /** What the host can do, if the connection has carried a transaction before. */
  readonly knownExtensions: Extensions | undefined
  /** Leave the connection open for another transaction if it is still good for one. */
  readonly keepOpen: boolean
  readonly moveOn: MoveOn
}

export interface Delivery extends Pick<SmtpTask, "partner" | "messageBytes" | "knownExtensions" | "keepOpen"> {
  readonly sender: Address
  readonly recipients: ReadonlyArray<Address>
}

export const of = (settings: RemoteSettings, { recipients, sender, ...rest }: Delivery): SmtpTask => ({
  ...rest,
  classic: settings.classic,
  helo: settings.helo,
  sender: path(sender),
  recipients: recipients.map(path),
  bareCr: settings.bareCr,
  esmtp: settings.esmtp,
  moveOn: settings.moveOn
})

/** An address without `@` goes out as it is. (qmail-remote.c, addrmangle()) */
const path = (address: Address): ByteString => {
  const parts = split(address)
  return parts === undefined ? address : `${AddressQuoting.quote(parts.box)}@${parts.domain}`
}

/**
 * May these addresses stand in an SMTP command? A line end in one would begin a command of its author's. In classic
 * homes they are sent as notqmail sends them.
 */
export const isSendable = (
  { classic }: Pick<RemoteSettings, "classic">,
  { recipients, sender }: Pick<Delivery, "sender" | "recipients">
): boolean => classic || ![sender, ...recipients].some((address) => /[\r\n\0]/.test(address))
