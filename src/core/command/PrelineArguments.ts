/** The arguments of preline: which lines go before the message, and to which command. */
import type { ByteString } from "../Bytes.ts"
import * as Getopt from "./Getopt.ts"

export interface Parsed {
  /** Variables whose lines are put before the message, in their order. */
  readonly lines: ReadonlyArray<"UFLINE" | "RPLINE" | "DTLINE">
  readonly command: ByteString
  readonly arguments: ReadonlyArray<ByteString>
}

/** Undefined where there is no command; `complaint` is about an unknown option. */
export const parse = (args: ReadonlyArray<ByteString>): Parsed | { readonly complaint: ByteString | undefined } => {
  const { complaint, options, rest } = Getopt.scan("frdFRD", args)
  const [command, ...others] = rest
  if (complaint !== undefined || command === undefined) return { complaint }
  const left = new Set<string>()
  for (const { letter } of options) {
    if (letter === letter.toLowerCase()) left.add(letter)
    else left.delete(letter.toLowerCase())
  }
  return { lines: lines.filter(([letter]) => !left.has(letter)).map(([, line]) => line), command, arguments: others }
}

const lines = [
  ["f", "UFLINE"],
  ["r", "RPLINE"],
  ["d", "DTLINE"]
] as const
