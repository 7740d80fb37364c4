/** The two ends of a TCP connection, as we see it. */
import type { IpAddress } from "../address/IpAddress.ts"

export interface End {
  readonly ip: IpAddress
  readonly port: number
}

export interface TcpPair {
  readonly local: End
  readonly remote: End
}
