/**
 * Which IP addresses are this host's. Besides those of its interfaces 0.0.0.0 is one (qmail's ipme.c); in homes
 * of our own also all of 127.0.0.0/8, ::1 and ::.
 */
import type { ByteString } from "../Bytes.ts"
import * as IpAddress from "./IpAddress.ts"

/** `user@[our address]` becomes `user@host`. (control/localiphost) */
export interface LocalIpHost {
  readonly host: ByteString
  readonly isOurs: (ip: IpAddress.IpAddress) => boolean
  /** Also for `[IPv6:…]`, which qmail does not know. */
  readonly readsIpv6: boolean
}

export const lookup =
  (interfaces: ReadonlyArray<IpAddress.IpAddress>, classic: boolean) =>
  (ip: IpAddress.IpAddress): boolean =>
    interfaces.some((own) => IpAddress.equals(own, ip)) ||
    (IpAddress.isUnspecified(ip) && (IpAddress.isV4(ip) || !classic)) ||
    (!classic && IpAddress.isLoopback(ip))
