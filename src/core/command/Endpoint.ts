/** Where to listen: `HOST:PORT`, `[v6]:PORT`, `:PORT` or `PORT`; port 0 lets the system choose. Or `fd:N`. */
import type { ByteString } from "../Bytes.ts"

export interface Address {
  /** An address or a name; empty: every address of this host. */
  readonly host: ByteString
  readonly port: number
}

/** A socket that whoever started us has bound and listens on. */
export interface Inherited {
  readonly descriptor: number
}

export type Endpoint = Address | Inherited

export const parseEndpoint = (text: ByteString): Endpoint | undefined => {
  const inherited = /^fd:([0-9]{1,5})$/.exec(text)
  if (inherited !== null) return { descriptor: Number(inherited[1]) }
  const match = /^(?:(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]*)):)?([0-9]{1,5})$/.exec(text)
  if (match === null) return undefined
  const port = Number(match[3])
  return port > 65535 ? undefined : { host: match[1] ?? match[2] ?? "", port }
}

export const formatEndpoint = (endpoint: Endpoint): string => {
  if ("descriptor" in endpoint) return `fd:${endpoint.descriptor}`
  const { host, port } = endpoint
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`
}
