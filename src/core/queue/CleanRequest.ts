/**
 * What qmail-send asks of qmail-clean: `foop/<n>` or `todo/<n>` and a NUL; the answer is one byte.
 *
 * The original answers `x` once for every byte after the fifth that is no digit, and then carries the request out for
 * the digits before it; behind `todo` it takes any byte for the slash. In a qmail home so do we; in our own an odd request
 * gets one `x` and nothing is removed.
 *
 * From: qmail-clean.c, main().
 */
import { type ByteString } from "../Bytes.ts"
import type { MessageNumber } from "./MessageNumber.ts"

export type CleanRequest =
  /** `foop`: intd/N, then mess/N. */
  | { readonly _tag: "RemoveMessage"; readonly id: MessageNumber }
  /** `todo`: intd/N, then todo/N. */
  | { readonly _tag: "RemoveTodo"; readonly id: MessageNumber }

export interface Understood {
  /** How many `x` are answered first. */
  readonly complaints: number
  readonly request: CleanRequest | undefined
}

/** As it is sent, with its NUL. */
export const format = (request: CleanRequest): ByteString =>
  `${request._tag === "RemoveMessage" ? "foop" : "todo"}/${request.id}\0`

/** `line` is a command without its NUL. */
export const understand = (line: ByteString, classic: boolean): Understood => {
  if (line.length + 1 < lengthMin || line.length + 1 > lengthMax) return refused(1)
  const odd = line.slice(5).replace(/[0-9]/g, "").length
  if (odd > 0 && !classic) return refused(1)
  const digits = /^[0-9]+/.exec(line.slice(5))?.[0]
  const word = line.slice(0, 5)
  const isTodo = classic ? word.startsWith("todo") : word === "todo/"
  if (digits === undefined || (word !== "foop/" && !isTodo)) return refused(odd + 1)
  const id = String(BigInt.asUintN(64, BigInt(digits)))
  return { complaints: odd, request: { _tag: isTodo ? "RemoveTodo" : "RemoveMessage", id } }
}

/** Done; a file could not be removed; not a request. */
export const answers = { done: "+", failed: "!", odd: "x" } as const

const refused = (complaints: number): Understood => ({ complaints, request: undefined })

/** Bytes with the NUL. */
const lengthMin = 7
const lengthMax = 100

/** Before the 1st, 32nd, 63rd, ... command the dead names of pid/ are removed. */
export const commandsPerSweep = 31
