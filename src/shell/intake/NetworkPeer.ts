/** Who is at the other end, as the program that accepted the connection tells in the environment (tcp-environ(5)). */
import type { ByteString } from "../../core/Bytes.ts"
import type { Client } from "../../core/intake/SmtpPolicy.ts"

export const fromEnvironment = (environment: Readonly<Record<ByteString, ByteString>>): Client => ({
  remoteIp: environment["TCPREMOTEIP"] ?? unknown,
  remoteHost: environment["TCPREMOTEHOST"] ?? unknown,
  remoteInfo: environment["TCPREMOTEINFO"],
  localHost: environment["TCPLOCALHOST"] ?? environment["TCPLOCALIP"] ?? unknown,
  relayVariable: environment["RELAYCLIENT"]
})

const unknown = "unknown"
