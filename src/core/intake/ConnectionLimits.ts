/**
 * Is this connection served, or told to come back later?
 *
 * One limit protects the server, another the other clients from one of them. A client is an IPv4 address or a whole
 * /64. This host itself has no limit of its own: its programs inject through here, and they share the first one.
 */
import * as IpAddress from "../address/IpAddress.ts"

export interface ConnectionLimits {
  readonly connectionsMax: number
  readonly connectionsPerClientMax: number
}

export const defaults: ConnectionLimits = { connectionsMax: 1000, connectionsPerClientMax: 100 }

/** Open connections, without the one that is asked about. */
export interface Load {
  readonly connections: number
  readonly ofThisClient: number
  /** Its descriptor is one of those that are kept for the queue and for deliveries. */
  readonly takesReserve: boolean
}

export type Verdict = "serve" | "out of descriptors" | "too many" | "too many of this client"

export const admit = (limits: ConnectionLimits, load: Load, ip: IpAddress.IpAddress | undefined): Verdict => {
  if (load.takesReserve) return "out of descriptors"
  if (load.connections >= limits.connectionsMax) return "too many"
  if (ip !== undefined && IpAddress.isLoopback(ip)) return "serve"
  return load.ofThisClient >= limits.connectionsPerClientMax ? "too many of this client" : "serve"
}
