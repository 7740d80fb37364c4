/**
 * Which DNS servers are asked, how, how long and how often: `/etc/resolv.conf` and the variables RES_OPTIONS,
 * LOCALDOMAIN and QMAILDNS. (resolv.conf(5))
 */
import * as IpAddress from "../address/IpAddress.ts"
import { type ByteString, leadingNumber } from "../Bytes.ts"

export interface Server {
  readonly address: IpAddress.IpAddress
  readonly port: number
  /** The interface on whose link the address is: its name, or its number. Only of link-local addresses. */
  readonly zone?: ByteString
}

export interface ResolverSettings {
  /** Asked in this order. */
  readonly servers: ReadonlyArray<Server>
  /** Wait for a server's answer, in seconds. */
  readonly timeout: number
  /** Rounds through all servers. */
  readonly attempts: number
  /** Domains added to names, where a program wants that. */
  readonly search: ReadonlyArray<ByteString>
  /** A name with so many dots is looked up as it is first, one with fewer last. */
  readonly ndots: number
  readonly options: ReadonlySet<Option>
}

/** Options that are on or off. Others that glibc knows change nothing here: see qmail-remote(8). */
export type Option = (typeof switches)[number]

const switches = [
  /** Each question begins with the next server. */
  "rotate",
  /** Over TCP only. */
  "use-vc",
  /** Say how long an answer over UDP may be (RFC 6891). */
  "edns0",
  /** The two kinds of addresses of a host are asked for one after the other. */
  "single-request",
  /** Nobody is asked for IPv6 addresses. */
  "no-aaaa",
  /** A name without a dot is looked up only below the domains of the search list. */
  "no-tld-query",
  /** The file is read once. */
  "no-reload"
] as const

export interface Surroundings {
  /** RES_OPTIONS: more options, which count more than those of the file. */
  readonly options?: ByteString | undefined
  /** LOCALDOMAIN: the search list in place of the file's. */
  readonly localDomain?: ByteString | undefined
  /** Of this host; what follows its first dot is the search list where nothing else gives one. */
  readonly hostName?: ByteString
}

/** Unknown lines and options are skipped; without a server the one of this host is asked. */
export const parse = (content: ByteString, surroundings: Surroundings = {}): ResolverSettings => {
  const servers: Array<Server> = []
  const options: Array<ByteString> = []
  let search: ReadonlyArray<ByteString> | undefined
  for (const line of content.split("\n")) {
    // A keyword stands at the start of its line.
    const parts = /^([a-z]+)[ \t](.*)$/s.exec(line.replace(/[#;].*$/s, ""))
    const words = wordsOf(parts?.[2] ?? "")
    switch (parts?.[1]) {
      case "nameserver": {
        const server = serverOf(words[0] ?? "")
        if (server !== undefined && servers.length < mostServers) servers.push(server)
        break
      }
      case "domain":
        search = words.length === 0 ? search : words.slice(0, 1)
        break
      case "search":
        search = words.length === 0 ? search : words
        break
      case "options":
        options.push(...words)
    }
  }
  options.push(...wordsOf(surroundings.options ?? ""))
  const localDomain = surroundings.localDomain?.split("\n")[0]
  return {
    servers: servers.length === 0 ? [{ address: [127, 0, 0, 1], port: dnsPort }] : servers,
    timeout: lastNumber(options, "timeout:", 5, 1, 30),
    attempts: lastNumber(options, "attempts:", 2, 1, 5),
    search: localDomain === undefined ? (search ?? domainOf(surroundings.hostName ?? "")) : wordsOf(localDomain),
    ndots: lastNumber(options, "ndots:", 1, 0, 15),
    options: new Set(switches.filter((one) => options.some((word) => (synonyms[word] ?? word) === one)))
  }
}

/** The order in which the servers are asked this question, the first of all being number 0. */
export const inOrder = ({ options, servers }: ResolverSettings, question: number): ReadonlyArray<Server> => {
  const first = options.has("rotate") ? question % servers.length : 0
  return [...servers.slice(first), ...servers.slice(0, first)]
}

/** The names under which a host is looked up that a person has named, in their order. (res_search) */
export const candidates = (
  { ndots, options, search }: Pick<ResolverSettings, "ndots" | "options" | "search">,
  host: ByteString
): ReadonlyArray<ByteString> => {
  if (host.endsWith(".")) return [host]
  const dots = host.split(".").length - 1
  const below = search.map((domain) => (domain === "." ? host : `${host}.${domain}`))
  if (dots === 0 && below.length > 0 && options.has("no-tld-query")) return below
  return dots >= ndots ? [host, ...below] : [...below, host]
}

/** `QMAILDNS`: addresses with a port after a `#` or, for IPv4, a colon; separated by blanks or commas. */
export const parseServers = (text: ByteString): ReadonlyArray<Server> =>
  text
    .split(/[ ,]+/)
    .map((word) => /^([0-9.]+):([0-9]+)$/.exec(word) ?? /^([^#]*)(?:#([0-9]+))?$/.exec(word))
    .map((parts) => parts && serverAt(parts[1]!, IpAddress.parse(parts[1]!), Number(parts[2] ?? dnsPort)))
    .filter((server) => server != null && server.port < 65536) as ReadonlyArray<Server>

/** The CR of a foreign line end is a blank too. */
const wordsOf = (text: ByteString): ReadonlyArray<ByteString> => text.split(/[ \t\r]+/).filter((word) => word !== "")

const serverOf = (text: ByteString): Server | undefined =>
  serverAt(text, text.includes(":") ? IpAddress.parse(text) : numbersAndDots(text), dnsPort)

/** Only a link-local address needs an interface, and in any other it means nothing (RFC 4007, 6). */
const serverAt = (text: ByteString, address: IpAddress.IpAddress | undefined, port: number): Server | undefined => {
  if (address === undefined) return undefined
  const zone = /%(.+)$/s.exec(text)?.[1]
  return zone === undefined || !IpAddress.isLinkLocal(address) ? { address, port } : { address, port, zone }
}

/** One to four numbers, decimal, octal or hexadecimal; the last one fills what is left. (inet_aton(3)) */
const numbersAndDots = (text: ByteString): IpAddress.IpAddress | undefined => {
  const numbers = text.split(".").map((part) => {
    if (/^0x[0-9a-f]+$/i.test(part)) return parseInt(part, 16)
    return /^0[0-7]*$/.test(part) ? parseInt(part, 8) : /^[1-9][0-9]*$/.test(part) ? Number(part) : NaN
  })
  const last = numbers.pop()!
  const rest = 4 - numbers.length
  if (rest < 1 || !(last < 256 ** rest) || !numbers.every((number) => number < 256)) return undefined
  return [...numbers, ...Array.from({ length: rest }, (_, i) => Math.floor(last / 256 ** (rest - 1 - i)) % 256)]
}

const domainOf = (hostName: ByteString): ReadonlyArray<ByteString> => {
  const domain = hostName.slice(hostName.indexOf(".") + 1)
  return hostName.includes(".") && domain !== "" ? [domain] : []
}

const lastNumber = (
  options: ReadonlyArray<ByteString>,
  name: ByteString,
  otherwise: number,
  least: number,
  most: number
): number => {
  const given = options
    .filter((word) => word.startsWith(name))
    .map((word) => leadingNumber(word.slice(name.length)))
    .findLast((number) => number !== undefined)
  return Math.min(Math.max(given ?? otherwise, least), most)
}

/** Each of our questions has a socket of its own, so that the one is as good as the other. */
const synonyms: Readonly<Record<ByteString, Option>> = {
  "single-request-reopen": "single-request",
  no_tld_query: "no-tld-query"
}

const dnsPort = 53
const mostServers = 3
