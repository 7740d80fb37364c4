/** IPv4 and IPv6 addresses, networks of them, and the literals in which mail addresses name them. */
import { type ByteString, lower } from "../Bytes.ts"

/** The bytes, most significant first: 4 of them or 16. An IPv4 address in IPv6 form is held as its 4. */
export type IpAddress = ReadonlyArray<number>

export const isV4 = (ip: IpAddress): boolean => ip.length === 4

/** `192.0.2.1`, `2001:db8::1`, `::ffff:192.0.2.1`; a zone (`%eth0`) is dropped. */
export const parse = (text: ByteString): IpAddress | undefined =>
  text.includes(":") ? parseV6(text.replace(/%.*$/s, "")) : parseV4(text)

/** Leading zeros are decimal, as qmail's ip_scan reads them; a number above 255 is none. */
const parseV4 = (text: ByteString): IpAddress | undefined => {
  if (!/^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/.test(text)) return undefined
  const bytes = text.split(".").map(Number)
  return bytes.every((byte) => byte <= 255) ? bytes : undefined
}

const parseV6 = (text: ByteString): IpAddress | undefined => {
  const dotted = /^(.*:)([0-9.]+\.[0-9]+)$/s.exec(text)
  if (dotted !== null) {
    const v4 = parseV4(dotted[2]!)
    return v4 && parseV6(`${dotted[1]}${hex(v4[0]! * 256 + v4[1]!)}:${hex(v4[2]! * 256 + v4[3]!)}`)
  }
  const halves = text.split("::")
  if (halves.length > 2) return undefined
  const [left, right] = halves.map((half) => (half === "" ? [] : half.split(":")))
  const given = [...left!, ...(right ?? [])]
  if (!given.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return undefined
  const missing = 8 - given.length
  if (right === undefined ? missing !== 0 : missing < 1) return undefined
  const groups = [...left!, ...Array.from({ length: right === undefined ? 0 : missing }, () => "0"), ...(right ?? [])]
  return unmapped(
    groups.flatMap((group) => {
      const value = parseInt(group, 16)
      return [value >> 8, value & 255]
    })
  )
}

const unmapped = (bytes: ReadonlyArray<number>): IpAddress =>
  bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255 ? bytes.slice(12) : bytes

/** The form of RFC 5952: lower case, the longest run of zeros as `::`. */
export const format = (ip: IpAddress): ByteString => {
  if (isV4(ip)) return ip.join(".")
  const groups = Array.from({ length: 8 }, (_, i) => ip[2 * i]! * 256 + ip[2 * i + 1]!)
  let best = 0
  let bestLength = 1
  for (let start = 0; start < 8; start++) {
    let end = start
    while (end < 8 && groups[end] === 0) end++
    if (end - start > bestLength) {
      best = start
      bestLength = end - start
    }
  }
  if (bestLength === 1) return groups.map(hex).join(":")
  return `${groups.slice(0, best).map(hex).join(":")}::${groups
    .slice(best + bestLength)
    .map(hex)
    .join(":")}`
}

const hex = (group: number): string => group.toString(16)

export const equals = (a: IpAddress, b: IpAddress): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i])

/** What stands after the `@` of `user@[192.0.2.1]` or `user@[IPv6:2001:db8::1]` (RFC 5321, 4.1.3). */
export const parseLiteral = (domain: ByteString): IpAddress | undefined => {
  if (domain[0] !== "[" || !domain.endsWith("]")) return undefined
  const inside = domain.slice(1, -1)
  if (lower(inside.slice(0, 5)) !== "ipv6:") return inside.includes(":") ? undefined : parse(inside)
  return inside.includes("%") || !inside.slice(5).includes(":") ? undefined : parse(inside.slice(5))
}

/** All addresses whose first `bits` bits are those of `ip`. */
export interface Network {
  readonly ip: IpAddress
  readonly bits: number
}

/** `192.0.2.1`, `192.0.2.0/24`, `192.0.2.` (a prefix of whole bytes), `2001:db8::/32`, and v6 in brackets. */
export const parseNetwork = (text: ByteString): Network | undefined => {
  const prefix = /^(?:[0-9]+\.){1,3}$/.exec(text)
  if (prefix !== null) {
    const given = text.split(".").length - 1
    const ip = parse(text + Array.from({ length: 4 - given }, () => "0").join("."))
    return ip && { ip, bits: given * 8 }
  }
  const parts = /^(?:\[([^\]]+)\]|([^/[\]]+))(?:\/([0-9]{1,3}))?$/.exec(text)
  const ip = parts === null ? undefined : parse(parts[1] ?? parts[2]!)
  if (ip === undefined) return undefined
  const bits = parts![3] === undefined ? ip.length * 8 : Number(parts![3])
  return bits <= ip.length * 8 ? { ip, bits } : undefined
}

export const contains = (network: Network, ip: IpAddress): boolean => {
  if (network.ip.length !== ip.length) return false
  const whole = network.bits >> 3
  for (let i = 0; i < whole; i++) if (network.ip[i] !== ip[i]) return false
  const rest = network.bits & 7
  return rest === 0 || (network.ip[whole]! ^ ip[whole]!) >> (8 - rest) === 0
}

/** 127.0.0.0/8 and ::1. */
export const isLoopback = (ip: IpAddress): boolean => (isV4(ip) ? ip[0] === 127 : format(ip) === "::1")

/** fe80::/10 and ff02::/16: there is one such link at each interface. */
export const isLinkLocal = (ip: IpAddress): boolean =>
  !isV4(ip) && ((ip[0] === 0xfe && (ip[1]! & 0xc0) === 0x80) || (ip[0] === 0xff && (ip[1]! & 0x0f) === 2))

/** 0.0.0.0 and ::, which mean this host. */
export const isUnspecified = (ip: IpAddress): boolean => ip.every((byte) => byte === 0)

/** One subscriber: an IPv4 address, or the /64 that a single IPv6 host may fill at will. */
export const subscriber = (ip: IpAddress): ByteString => (isV4(ip) ? ip.join(".") : ip.slice(0, 8).join("."))
