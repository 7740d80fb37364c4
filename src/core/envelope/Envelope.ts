/** Who a message is from and to whom it goes, apart from what its header says. */
import { type Address } from "../address/Address.ts"
import { hasControl, withoutControl } from "../Bytes.ts"

export interface Envelope {
  readonly sender: Address
  /** In the given order; the same address twice is two deliveries. */
  readonly recipients: ReadonlyArray<Address>
}

/**
 * Why nothing may be queued for these addresses; undefined: it may. A control character writes lines of its own wherever
 * the address is written. A qmail home takes any byte.
 */
export const refusal = ({ recipients, sender }: Envelope, classic: boolean): string | undefined => {
  if (classic) return undefined
  if (recipients.includes("")) return "a recipient is empty"
  const odd = hasControl(sender) ? sender : recipients.find(hasControl)
  return odd === undefined ? undefined : `control character in address: ${withoutControl(odd, "?")}`
}

/** `<pre>@<host>-@[]`: each recipient gets a sender of his own. (qmail-send.c, senderadd) */
export const hasVerp = (sender: Address): boolean =>
  sender.endsWith("-@[]") && sender.lastIndexOf("@", sender.length - 5) >= 0

/** The sender as one recipient sees it: `<pre><box>=<rhost>@<host>`. */
export const verpSender = (sender: Address, recipient: Address): Address => {
  if (!hasVerp(sender)) return sender
  const at = sender.lastIndexOf("@", sender.length - 5)
  const recipientAt = recipient.lastIndexOf("@")
  if (recipientAt < 0) return sender
  const pre = sender.slice(0, at)
  const host = sender.slice(at + 1, sender.length - 4)
  return `${pre}${recipient.slice(0, recipientAt)}=${recipient.slice(recipientAt + 1)}@${host}`
}

/** Where a bounce to this sender goes. */
export const bounceRecipient = (sender: Address): Address => (sender.endsWith("-@[]") ? sender.slice(0, -4) : sender)
