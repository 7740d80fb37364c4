/**
 * Does this entry of rcpthosts, morercpthosts, badmailfrom or relayclients do what it seems to say?
 *
 * The rules themselves are asked, with addresses that the entry seems to mean.
 */
import * as IpAddress from "../address/IpAddress.ts"
import type { ByteString } from "../Bytes.ts"
import { hostMeant, stranger } from "../control/ControlMeaning.ts"
import { setOf } from "../control/ControlMap.ts"
import * as Result from "effect/Result"
import * as RcptHosts from "./RcptHosts.ts"
import * as RelayClients from "./RelayClients.ts"
import * as SenderChecks from "./SenderChecks.ts"

export interface Facts {
  readonly rcptHosts: RcptHosts.RcptHosts
  readonly relayClients: RelayClients.RelayClients
}

/** Undefined: it does. */
export const doubt = (facts: Facts, list: string, entry: ByteString): string | undefined => {
  switch (list) {
    case "rcpthosts":
    case "morercpthosts":
      return ofHost(facts.rcptHosts, entry)
    case "badmailfrom":
      return ofSender(entry)
    case "relayclients":
      return ofClient(facts.relayClients, entry)
    default:
      return undefined
  }
}

const ofHost = (rcptHosts: RcptHosts.RcptHosts, entry: ByteString): string | undefined => {
  const host = hostMeant(entry)
  return RcptHosts.allows(rcptHosts, `anyone@${host}`) === false ? `does not let in mail to ${host}` : undefined
}

/** Letter for letter: neither brackets nor quotes nor an asterisk mean anything. */
const ofSender = (entry: ByteString): string | undefined => {
  const sender = senderMeant(entry)
  return SenderChecks.isRefused(setOf([entry]), sender) ? undefined : `does not refuse ${sender}`
}

const senderMeant = (entry: ByteString): ByteString => {
  const bare = entry.replace(/["\\\s]/g, "").replace(/^.*<|>.*$/g, "")
  const box = bare.slice(0, Math.max(0, bare.lastIndexOf("@"))).replaceAll("*", "any") || "anyone"
  if (bare.includes("@")) return `${box}@${hostMeant(bare)}`
  return bare.includes(".") || bare === "*" ? `anyone@${hostMeant(bare)}` : `${bare}@${stranger}`
}

const ofClient = (clients: RelayClients.RelayClients, entry: ByteString): string | undefined => {
  const alone = RelayClients.parse([entry])
  if (Result.isFailure(alone)) return "is no address and no network"
  const isAdmitted = (ip: ByteString) => RelayClients.suffixFor(alone.success, ip, undefined) !== undefined
  if (publicV4.every(isAdmitted) || publicV6.every(isAdmitted)) return "lets anyone relay"
  const admitted = [...publicV4, ...publicV6].filter(isAdmitted)
  if (admitted.length > 1) return `lets strangers relay, ${admitted[0]} and ${admitted.at(-1)} among them`
  const { network, suffix } = alone.success[0]!
  const first = clients.find((one) => one.network.bits <= network.bits && IpAddress.contains(one.network, network.ip))
  const isFirst = first === undefined || (first.network.bits === network.bits && first.suffix === suffix)
  return isFirst ? undefined : "has no effect: a line before it holds the same addresses"
}

/** One of each block of 2^24 that is on the public Internet, and one of each region of IPv6: nobody owns two of them. */
const publicV4: ReadonlyArray<ByteString> = Array.from({ length: 223 }, (_, i) => i + 1)
  .filter((block) => block !== 10 && block !== 127)
  .map((block) => `${block}.1.1.1`)
const publicV6: ReadonlyArray<ByteString> = ["2001:500::1", "2400::1", "2600::1", "2800::1", "2a00::1", "2c00::1"]
