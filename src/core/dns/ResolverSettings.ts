/** Which DNS servers are asked, how long and how often: `/etc/resolv.conf`, or the variable QMAILDNS. */
import * as IpAddress from "../address/IpAddress.ts"
import { type ByteString, leadingNumber } from "../Bytes.ts"

export interface Server {
  readonly address: IpAddress.IpAddress
  readonly port: number
}

export interface ResolverSettings {
  /** Asked in this order. */
  readonly servers: ReadonlyArray<Server>
  /** Wait for a server's answer, in seconds. */
  readonly timeout: number
  /** Rounds through all servers. */
  readonly attempts: number
  /** Domains added to names without a dot, where a program wants that. */
  readonly search: ReadonlyArray<ByteString>
}

/** Unknown lines and options are skipped; without a server the one of this host is asked. (resolv.conf(5)) */
export const parse = (content: ByteString): ResolverSettings => {
  const servers: Array<Server> = []
  let { attempts, search, timeout } = none
  for (const line of content.split("\n")) {
    const [keyword, ...words] = line.replace(/[#;].*$/s, "").split(/[ \t]+/)
    if (keyword === "nameserver" && servers.length < mostServers) {
      const address = IpAddress.parse(words[0] ?? "")
      if (address !== undefined) servers.push({ address, port: dnsPort })
    }
    if (keyword === "search" || keyword === "domain") search = words.filter((word) => word !== "")
    if (keyword === "options")
      for (const word of words) {
        if (word.startsWith("timeout:")) timeout = within(leadingNumber(word.slice(8)) ?? timeout, 30)
        if (word.startsWith("attempts:")) attempts = within(leadingNumber(word.slice(9)) ?? attempts, 5)
      }
  }
  return { servers: servers.length === 0 ? none.servers : servers, timeout, attempts, search }
}

/** `QMAILDNS`: addresses with a port after a `#` or, for IPv4, a colon; separated by blanks or commas. */
export const parseServers = (text: ByteString): ReadonlyArray<Server> =>
  text
    .split(/[ ,]+/)
    .map((word) => /^([0-9.]+):([0-9]+)$/.exec(word) ?? /^([^#]*)(?:#([0-9]+))?$/.exec(word))
    .map((parts) => ({ address: IpAddress.parse(parts?.[1] ?? ""), port: Number(parts?.[2] ?? dnsPort) }))
    .filter((server): server is Server => server.address !== undefined && server.port < 65536)

const within = (value: number, most: number): number => Math.min(Math.max(value, 1), most)

const dnsPort = 53
const mostServers = 3
const none: ResolverSettings = {
  servers: [{ address: [127, 0, 0, 1], port: dnsPort }],
  timeout: 5,
  attempts: 2,
  search: []
}
