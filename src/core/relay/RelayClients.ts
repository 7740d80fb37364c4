/**
 * May this client relay, and what is added to the addresses it gives?
 *
 * The variable RELAYCLIENT, set by the program that accepted the connection, wins. Otherwise the first network of
 * control/relayclients that holds the client's address decides (W16). What follows the network's colon is added to
 * each recipient, as the variable's value would be.
 */
import * as Result from "effect/Result"
import * as IpAddress from "../address/IpAddress.ts"
import type { ByteString } from "../Bytes.ts"

export interface RelayClient {
  readonly network: IpAddress.Network
  readonly suffix: ByteString
}

export type RelayClients = ReadonlyArray<RelayClient>

/** Fails with the first entry that names no network: a typing error must not decide who may relay. */
export const parse = (entries: ReadonlyArray<ByteString>): Result.Result<RelayClients, ByteString> => {
  const clients: Array<RelayClient> = []
  for (const entry of entries) {
    const client = parseEntry(entry)
    if (client === undefined) return Result.fail(entry)
    clients.push(client)
  }
  return Result.succeed(clients)
}

/** An IPv6 address has colons of its own: the network is the longest beginning that is one. */
const parseEntry = (entry: ByteString): RelayClient | undefined => {
  const whole = IpAddress.parseNetwork(entry)
  if (whole !== undefined) return { network: whole, suffix: "" }
  for (let colon = entry.lastIndexOf(":"); colon > 0; colon = entry.lastIndexOf(":", colon - 1)) {
    const network = IpAddress.parseNetwork(entry.slice(0, colon))
    if (network !== undefined) return { network, suffix: entry.slice(colon + 1) }
  }
  return undefined
}

/** The suffix for this client's recipients, or undefined for a stranger. */
export const suffixFor = (
  clients: RelayClients,
  remoteIp: ByteString,
  variable: ByteString | undefined
): ByteString | undefined => {
  if (variable !== undefined) return variable
  const ip = clients.length === 0 ? undefined : IpAddress.parse(remoteIp)
  return ip && clients.find(({ network }) => IpAddress.contains(network, ip))?.suffix
}
