/** Words of a command line: `--name value`, `--name=value`, `--switch`, and plain ones; `--` ends the options. */
import * as Result from "effect/Result"
import type { ByteString } from "../Bytes.ts"

export interface Known {
  readonly options: ReadonlyArray<string>
  readonly switches: ReadonlyArray<string>
}

export interface Words {
  /** Each value that was given, in order; a switch has the value "". */
  readonly options: ReadonlyMap<string, ReadonlyArray<ByteString>>
  readonly plain: ReadonlyArray<ByteString>
}

/** The failure is one line: what is wrong with which word. */
export const split = (known: Known, args: ReadonlyArray<ByteString>): Result.Result<Words, string> => {
  const options = new Map<string, Array<ByteString>>()
  const plain: Array<ByteString> = []
  for (let at = 0; at < args.length; at++) {
    const word = args[at]!
    if (word === "--") {
      plain.push(...args.slice(at + 1))
      break
    }
    const match = /^--([a-z-]+)(?:=([^]*))?$/.exec(word)
    if (match === null) {
      if (word.length > 1 && word[0] === "-") return Result.fail(`unknown option: ${word}`)
      plain.push(word)
      continue
    }
    const [, name = "", inline] = match
    let value = inline ?? ""
    if (known.options.includes(name)) {
      if (inline === undefined) {
        const next = args[++at]
        if (next === undefined) return Result.fail(`option --${name} wants a value`)
        value = next
      }
    } else if (!known.switches.includes(name) || inline !== undefined) return Result.fail(`unknown option: ${word}`)
    options.set(name, [...(options.get(name) ?? []), value])
  }
  return Result.succeed({ options, plain })
}

/** The last one counts. */
export const last = ({ options }: Words, name: string): ByteString | undefined => options.get(name)?.at(-1)
