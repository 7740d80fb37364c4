/**
 * What does this server grant its clients?
 *
 * One value, made from control/ when a session begins (or, in a server, when the files are read again); and what is
 * known about one client.
 */
import * as Result from "effect/Result"
import type { IpAddress } from "../address/IpAddress.ts"
import type { LocalIpHost } from "../address/OwnAddresses.ts"
import type { ByteString } from "../Bytes.ts"
import { type ControlSet, setOf } from "../control/ControlMap.ts"
import * as RcptHosts from "../relay/RcptHosts.ts"
import * as RelayClients from "../relay/RelayClients.ts"

export interface SmtpPolicy {
  readonly greeting: ByteString
  /** Undefined: `user@[our address]` stays as it is. */
  readonly localIpHost: LocalIpHost | undefined
  readonly badmailfrom: ControlSet
  /** First commands of other protocols, which end the session. Undefined: no protocol is looked for. */
  readonly foreignCommands: ControlSet | undefined
  readonly rcptHosts: RcptHosts.RcptHosts
  readonly relayClients: RelayClients.RelayClients
  /** Bytes of a stored message without our Received field; 0 is no limit. */
  readonly dataBytes: number
  /** Announce `dataBytes` in EHLO and refuse what is announced larger (RFC 1870). */
  readonly offersSize: boolean
  /** Homes of our own: what RFC 5321 calls an error is refused. Else qmail's leniency, and its words. */
  readonly isStrict: boolean
  /** A message with so many trace fields is looping. */
  readonly hopsMax: number
  readonly limits: Limits
}

/** For strangers. Infinity where there is none. */
export interface Limits {
  readonly recipientsMax: number
  /** Commands since the last accepted message. */
  readonly commandsMax: number
  /** Bytes of a command line. */
  readonly lineBytesMax: number
}

/** `unknown` where nobody knows, as the variables TCPREMOTEIP and so on. */
export interface Client {
  readonly remoteIp: ByteString
  readonly remoteHost: ByteString
  readonly remoteInfo: ByteString | undefined
  readonly localHost: ByteString
  /** The value of RELAYCLIENT, if it is set. */
  readonly relayVariable: ByteString | undefined
}

/** The contents of control/, read; undefined for a missing list. */
export interface Controls {
  readonly classic: boolean
  readonly me: ByteString | undefined
  readonly greeting: ByteString
  readonly localiphost: ByteString | undefined
  readonly rcpthosts: ReadonlyArray<ByteString> | undefined
  /** Is the lowered name in morercpthosts.cdb? */
  readonly more: RcptHosts.More
  readonly locals: ReadonlyArray<ByteString> | undefined
  readonly virtualdomains: ReadonlyArray<ByteString> | undefined
  readonly badmailfrom: ReadonlyArray<ByteString> | undefined
  readonly foreigncommands: ReadonlyArray<ByteString> | undefined
  readonly relayclients: ReadonlyArray<ByteString> | undefined
  readonly openrelay: number
  readonly databytes: number
  readonly maxhops: number
  readonly maxrecipients: number
  readonly isOurs: (ip: IpAddress) => boolean
}

/** Fails with the entry of relayclients that names no network. */
export const from = (controls: Controls): Result.Result<SmtpPolicy, ByteString> =>
  Result.map(RelayClients.parse(controls.relayclients ?? []), (relayClients) => ({
    greeting: controls.greeting,
    localIpHost: localIpHost(controls),
    badmailfrom: setOf(controls.badmailfrom ?? []),
    foreignCommands: controls.foreigncommands && setOf(controls.foreigncommands),
    rcptHosts: rcptHosts(controls),
    relayClients,
    dataBytes: controls.databytes,
    offersSize: !controls.classic,
    isStrict: !controls.classic,
    hopsMax: controls.maxhops,
    limits: {
      recipientsMax: controls.maxrecipients || Infinity,
      ...(controls.classic ? classicLimits : ownLimits)
    }
  }))

/** An empty control/localiphost would make addresses without a domain. In a qmail home it does. */
const localIpHost = ({ classic, isOurs, localiphost }: Controls): LocalIpHost | undefined =>
  localiphost === undefined || (localiphost === "" && !classic)
    ? undefined
    : { host: localiphost, isOurs, readsIpv6: !classic }

export const rcptHosts = (
  controls: Pick<Controls, "classic" | "me" | "rcpthosts" | "more" | "locals" | "virtualdomains" | "openrelay">
): RcptHosts.RcptHosts =>
  RcptHosts.from({
    rcpthosts: controls.rcpthosts,
    more: controls.more,
    me: controls.me,
    locals: controls.locals ?? [],
    virtualdomains: controls.virtualdomains ?? [],
    openWithoutList: controls.classic || controls.openrelay === 1,
    starIsEverything: !controls.classic
  })

/** DATABYTES overrides control/databytes; what is no number is 0, no limit. (qmail-smtpd.c, setup) */
export const dataBytes = (control: number, variable: ByteString | undefined): number =>
  variable === undefined ? control : Number(/^[0-9]{0,15}/.exec(variable)![0])

/** qmail has no limits. A line that never ends is the one thing that would fill its memory. */
const classicLimits = { commandsMax: Infinity, lineBytesMax: 1 << 20 }
/** RFC 5321, 4.5.3.1.4 wants 512 bytes, and extensions some thousand more. */
const ownLimits = { commandsMax: 10_000, lineBytesMax: 16_384 }
