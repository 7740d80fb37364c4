/** The identification protocol (RFC 1413): whom does the other host name for a connection? (remoteinfo.c) */
import { type ByteString } from "../Bytes.ts"
import type { TcpPair } from "./TcpPair.ts"

export const port = 113

export const request = ({ local, remote }: TcpPair): ByteString => `${remote.port} , ${local.port}\r\n`

/** What has come of the answer. */
export interface Reply {
  readonly colons: number
  readonly text: ByteString
  readonly isComplete: boolean
}

export const noReply: Reply = { colons: 0, text: "", isComplete: false }

/** What stands behind the third colon of the line, without blanks. A NUL ends it: no variable can hold one. */
export const feed = (reply: Reply, bytes: ByteString): Reply => {
  let { colons, text } = reply
  for (const c of bytes) {
    if (c === "\n" || text.length >= textBytesMax) return { colons, text, isComplete: true }
    if (c === " " || c === "\t" || c === "\r") continue
    if (colons < 3) colons += c === ":" ? 1 : 0
    else if (c === "\0") return { colons, text, isComplete: true }
    else text += c
  }
  return { colons, text, isComplete: text.length >= textBytesMax }
}

const textBytesMax = 998
