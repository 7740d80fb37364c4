/**
 * Is this failure answered with a bounce, with a double bounce, or with silence?
 *
 * A failure goes back to the sender, from nobody. If nobody sent it, the postmaster is told, and the sender is then
 * a name that no mail system answers: when that fails too, there is nobody left to tell.
 *
 * From: qmail-send.c, injectbounce().
 */
import { type Address, doubleBounceSender, nobody, untilNul } from "../address/Address.ts"
import { bounceRecipient, type Envelope } from "../envelope/Envelope.ts"

export type BounceRoute =
  | {
      readonly _tag: "Notice"
      /** The sender of the message that failed, without its VERP mark. */
      readonly about: Address
      readonly isDouble: boolean
      readonly envelope: Envelope
    }
  | { readonly _tag: "Discard" }

/** `doubleTo` is doublebounceto@doublebouncehost, as it stands in control/. */
export const route = (sender: Address, doubleTo: Address): BounceRoute => {
  const about = bounceRecipient(sender)
  if (about === doubleBounceSender) return { _tag: "Discard" }
  const isDouble = about === nobody
  return {
    _tag: "Notice",
    about,
    isDouble,
    envelope: {
      sender: isDouble ? doubleBounceSender : nobody,
      recipients: [isDouble ? untilNul(doubleTo) : about]
    }
  }
}
