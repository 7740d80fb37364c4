/**
 * Does this session begin as one of another protocol?
 *
 * A web page can make a browser send a request to any port of the network that it is in, and choose what stands behind
 * the first line: a server that answers that line with an error and goes on takes the others for commands. A client
 * that begins with TLS would wait for ever.
 */
import type { ByteString } from "../Bytes.ts"
import type { ControlSet } from "../control/ControlMap.ts"

/** `opening`: the beginning of the first line, as far as it has come, and perhaps what follows it. */
export const isForeign = (opening: ByteString, commands: ControlSet): boolean => {
  if (opening.startsWith(tlsHello)) return true
  const verb = /^([^ \t\r\n\0]+)[ \t\r\n\0]/.exec(opening)
  return verb !== null && commands.has(verb[1]!)
}

/** No command that is looked for is longer. */
export const openingBytesMax = 64

/** A handshake record, in any version of TLS. (RFC 8446, 5.1) */
const tlsHello = "\x16\x03"
