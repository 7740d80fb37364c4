/** Where to listen: `HOST:PORT`, `[v6]:PORT`, `:PORT` or `PORT`. Port 0 lets the system choose. */
import type { ByteString } from "../Bytes.ts"

export interface Endpoint {
  /** An address or a name; empty: every address of this host. */
  readonly host: ByteString
  readonly port: number
}

export const parseEndpoint = (text: ByteString): Endpoint | undefined => {
  const match = /^(?:(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]*)):)?([0-9]{1,5})$/.exec(text)
  if (match === null) return undefined
  const port = Number(match[3])
  return port > 65535 ? undefined : { host: match[1] ?? match[2] ?? "", port }
}

export const formatEndpoint = ({ host, port }: Endpoint): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`
