/**
 * What the rules make of the control files as they are: what `thresher check` and `qmail-showctl` ask instead of having
 * a policy of their own.
 */
import type { Address } from "../address/Address.ts"
import type { ByteString } from "../Bytes.ts"

export interface ControlMeaning {
  /** Whether SMTP takes mail for this recipient from a stranger; undefined: nobody can say. */
  readonly accepts: (recipient: Address) => boolean | undefined
  /** Where mail for it goes. */
  readonly route: (recipient: Address) => Destination
  /** Why this entry of this list does not do what it seems to say; undefined: it does. */
  readonly doubt: (list: string, entry: ByteString) => string | undefined
}

export interface Destination {
  /** Relay: to a host that control/smtproutes names. */
  readonly to: "local" | "relay" | "mx"
  readonly address: Address
}

/** A host that nobody has named. (RFC 6761, 6.4) */
export const stranger: ByteString = "stranger.invalid"

export const isOpen = ({ accepts }: Pick<ControlMeaning, "accepts">): boolean => accepts(`anyone@${stranger}`) === true

/** The host that an entry seems to mean: `.x` and `*.x` are some host below x, and of an address it is what follows `@`. */
export const hostMeant = (entry: ByteString): ByteString =>
  entry
    .slice(entry.lastIndexOf("@") + 1)
    .replaceAll("*", "any")
    .replace(/^\./, "any.")
    .replace(/\.$/, "")
