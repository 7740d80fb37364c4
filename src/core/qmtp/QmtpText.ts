/** The two encodings of a QMTP message: its first byte says whether lines end with LF, or with CR LF. */
import { empty } from "../Bytes.ts"

export type Encoding = "LF" | "CR LF"

export const encodingOf = (first: number): Encoding | undefined =>
  first === lf ? "LF" : first === cr ? "CR LF" : undefined

export interface Decoded {
  readonly text: Uint8Array
  /** The chunk ended with a CR: only the next byte tells whether it is part of a line end. */
  readonly crHeld: boolean
}

/** With CR LF: CR LF becomes LF, other CR stay. `isLast`: nothing follows this chunk. */
export const decode = (encoding: Encoding, crHeld: boolean, chunk: Uint8Array, isLast: boolean): Decoded => {
  if (encoding === "LF") return { text: chunk, crHeld: false }
  const out = new Uint8Array(chunk.length + 1)
  let length = 0
  let held = crHeld
  for (const byte of chunk) {
    if (held && byte !== lf) out[length++] = cr
    held = byte === cr
    if (!held) out[length++] = byte
  }
  if (held && isLast) out[length++] = cr
  return { text: length === 0 ? empty : out.subarray(0, length), crHeld: held && !isLast }
}

const lf = 10
const cr = 13
