/** What comes of a DNS question: records, or a failure that may pass, or one that will not. */
import type { IpAddress } from "../address/IpAddress.ts"
import type { ByteString } from "../Bytes.ts"

/**
 * `Records` may be none: the name exists under another type or leads nowhere. `Hard`: no such name, no such data, or
 * a name that cannot be asked. `Soft`: nobody answered, or the answer makes no sense. (DNS_SOFT and DNS_HARD of dns.c)
 */
export type DnsAnswer<A> =
  | { readonly _tag: "Records"; readonly records: ReadonlyArray<A> }
  | { readonly _tag: "Soft" }
  | { readonly _tag: "Hard" }

export const soft: DnsAnswer<never> = { _tag: "Soft" }
export const hard: DnsAnswer<never> = { _tag: "Hard" }
export const records = <A>(list: ReadonlyArray<A>): DnsAnswer<A> => ({ _tag: "Records", records: list })

export interface MxRecord {
  readonly preference: number
  /** Without the dot at the end; the root is empty. */
  readonly exchange: ByteString
}

export type AddressAnswer = DnsAnswer<IpAddress>
export type MxAnswer = DnsAnswer<MxRecord>
export type NameAnswer = DnsAnswer<ByteString>
