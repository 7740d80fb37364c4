/**
 * Classic option letters: bundled, `--` ends them, a lone `-` is an argument, parsing stops at the first
 * argument. `letters` is as for getopt(3): a colon behind a letter that takes a value. (qmail's sgetopt.c)
 */
import * as Result from "effect/Result"
import type { ByteString } from "../Bytes.ts"

export interface Parsed {
  /** In the given order; value "" for letters that take none. */
  readonly options: ReadonlyArray<{ readonly letter: string; readonly value: ByteString }>
  readonly rest: ReadonlyArray<ByteString>
}

/** The failure is the line for descriptor 2, without the program's name and the line feed. */
export const parse = (letters: string, args: ReadonlyArray<ByteString>): Result.Result<Parsed, ByteString> => {
  const options: Array<{ letter: string; value: ByteString }> = []
  let at = 0
  for (; at < args.length; at++) {
    const word = args[at]!
    if (word === "--") return Result.succeed({ options, rest: args.slice(at + 1) })
    if (word.length < 2 || word[0] !== "-") break
    for (let i = 1; i < word.length; i++) {
      const letter = word[i]!
      const place = letter === ":" ? -1 : letters.indexOf(letter)
      if (place < 0) return Result.fail(`illegal option -- ${letter}`)
      if (letters[place + 1] !== ":") {
        options.push({ letter, value: "" })
        continue
      }
      if (i + 1 < word.length) options.push({ letter, value: word.slice(i + 1) })
      else if (at + 1 < args.length) options.push({ letter, value: args[++at]! })
      else return Result.fail(`option requires an argument -- ${letter}`)
      break
    }
  }
  return Result.succeed({ options, rest: args.slice(at) })
}
