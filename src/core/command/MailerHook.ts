/** The arguments of qsmhook: the flags that sendmail's mailers have, and a command with % in its words. */
import { type ByteString, lower } from "../Bytes.ts"
import * as Getopt from "./Getopt.ts"

/** What the command's words may name. */
export interface Names {
  readonly sender: ByteString
  readonly host: ByteString
  readonly recipient: ByteString
}

export interface Hook {
  /** Variables whose lines are put before the message, in their order. */
  readonly lines: ReadonlyArray<"UFLINE" | "RPLINE" | "DTLINE">
  /** The program, then its arguments. */
  readonly words: readonly [ByteString, ...ReadonlyArray<ByteString>]
}

/** Undefined: incorrect usage. */
export const parse = (args: ReadonlyArray<ByteString>, names: Names): Hook | undefined => {
  const { complaint, options, rest } = Getopt.scan("DFlMmnPsx:", args)
  const [program, ...others] = rest
  if (complaint !== undefined || program === undefined) return undefined
  const has = (wanted: string): boolean => options.some(({ letter }) => letter === wanted)
  const prefix = options.findLast(({ letter }) => letter === "x")?.value ?? ""
  const recipient = lower(names.recipient).startsWith(lower(prefix))
    ? names.recipient.slice(prefix.length)
    : names.recipient
  return {
    lines: [
      ...(has("n") ? [] : (["UFLINE"] as const)),
      ...(has("P") ? (["RPLINE"] as const) : []),
      ...(has("l") ? (["DTLINE"] as const) : [])
    ],
    words: [program, ...others.map((word) => expanded(word, { ...names, recipient }))]
  }
}

const expanded = (word: ByteString, { host, recipient, sender }: Names): ByteString =>
  word.replace(/%([^]?)/g, (_, letter: ByteString) =>
    letter === "%" ? "%" : letter === "g" ? sender : letter === "h" ? host : letter === "u" ? recipient : ""
  )
