/** The arguments of qmail-local: `[-nN] user homedir local dash ext domain sender defaultdelivery`. */
import * as Result from "effect/Result"
import type { ByteString } from "../Bytes.ts"
import * as Getopt from "../command/Getopt.ts"
import type { LocalAddress } from "./CommandContext.ts"

export interface Parsed {
  /** Only say what would be done. */
  readonly describes: boolean
  readonly address: LocalAddress
}

/** The failure is what is printed: the usage, and before it the complaint about an unknown option. */
export const parse = (args: ReadonlyArray<ByteString>): Result.Result<Parsed, ByteString> => {
  const { complaint, options, rest } = Getopt.scan("nN", args)
  if (complaint !== undefined) return Result.fail(`qmail-local: ${complaint}\n${usage}`)
  const [user, homedir, local, dash, ext, domain, sender, defaultDelivery] = rest
  if (rest.length !== 8 || homedir![0] !== "/") return Result.fail(usage)
  return Result.succeed({
    describes: options.at(-1)?.letter === "n",
    address: {
      user: user!,
      homedir: homedir!,
      local: local!,
      dash: dash!,
      ext: ext!,
      domain: domain!,
      sender: sender!,
      defaultDelivery: defaultDelivery!
    }
  })
}

const usage = "qmail-local: usage: qmail-local [ -nN ] user homedir local dash ext domain sender aliasempty\n"
