/**
 * Classic option letters: bundled; a lone `-` is an argument, parsing stops at the first argument, and a word that
 * begins with `--` ends the options. `letters` is as for getopt(3): behind a letter, one colon means that it takes a
 * value, two that it takes the rest of its word. (qmail's subgetopt.c)
 */
import * as Result from "effect/Result"
import type { ByteString } from "../Bytes.ts"

export interface Parsed {
  /** In the given order; value "" for letters that take none. */
  readonly options: ReadonlyArray<{ readonly letter: string; readonly value: ByteString }>
  readonly rest: ReadonlyArray<ByteString>
}

export interface Scanned extends Parsed {
  /** What stopped the scan, as a line for descriptor 2 without the program's name and the line feed. */
  readonly complaint?: ByteString
}

/** For programs in which the options before a bad one have had their effect. */
export const scan = (letters: string, args: ReadonlyArray<ByteString>): Scanned => {
  const options: Array<{ letter: string; value: ByteString }> = []
  let at = 0
  for (; at < args.length; at++) {
    const word = args[at]!
    if (word.startsWith("--")) return { options, rest: args.slice(at + 1) }
    if (word.length < 2 || word[0] !== "-") break
    for (let i = 1; i < word.length; i++) {
      const letter = word[i]!
      const place = letter === ":" ? -1 : letters.indexOf(letter)
      if (place < 0) return { options, rest: [], complaint: `illegal option -- ${letter}` }
      if (letters[place + 1] !== ":") {
        options.push({ letter, value: "" })
        continue
      }
      if (i + 1 < word.length || letters[place + 2] === ":") options.push({ letter, value: word.slice(i + 1) })
      else if (at + 1 < args.length) options.push({ letter, value: args[++at]! })
      else return { options, rest: [], complaint: `option requires an argument -- ${letter}` }
      break
    }
  }
  return { options, rest: args.slice(at) }
}

/** The failure is the complaint. */
export const parse = (letters: string, args: ReadonlyArray<ByteString>): Result.Result<Parsed, ByteString> => {
  const { complaint, options, rest } = scan(letters, args)
  return complaint === undefined ? Result.succeed({ options, rest }) : Result.fail(complaint)
}
