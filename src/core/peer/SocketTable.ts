/**
 * The kernel's table of TCP sockets, as /proc/net/tcp and /proc/net/tcp6 show it. So a program learns who is connected
 * to a descriptor that another will use after it, without touching the descriptor.
 */
import * as IpAddress from "../address/IpAddress.ts"
import type { ByteString } from "../Bytes.ts"
import type { End, TcpPair } from "./TcpPair.ts"

/** The socket's inode, as /proc/self/fd/N names it: `socket:[4711]`. */
export const inodeOf = (link: ByteString): string | undefined => /^socket:\[([0-9]+)\]$/.exec(link)?.[1]

/** Undefined if the table has no such socket, or nobody is at its other end. */
export const find = (table: ByteString, inode: string): TcpPair | undefined => {
  for (const line of table.split("\n")) {
    const columns = line.trimStart().split(/ +/)
    if (columns[9] !== inode) continue
    const local = parseEnd(columns[1]!)
    const remote = parseEnd(columns[2]!)
    return local && remote && remote.port !== 0 ? { local, remote } : undefined
  }
  return undefined
}

/** Words of 32 bits, each in the order of a little-endian machine: `0100007F:0019` is 127.0.0.1 port 25. */
const parseEnd = (text: string): End | undefined => {
  const match = /^((?:[0-9A-F]{8}){1,4}):([0-9A-F]{4})$/.exec(text)
  if (match === null) return undefined
  const bytes = match[1]!.match(/.{8}/g)!.flatMap((word) =>
    word
      .match(/../g)!
      .map((hex) => parseInt(hex, 16))
      .reverse()
  )
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16))
  const ip = IpAddress.parse(bytes.length === 4 ? bytes.join(".") : groups.join(":"))
  return ip && { ip, port: parseInt(match[2]!, 16) }
}
