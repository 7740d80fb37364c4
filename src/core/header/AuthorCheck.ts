/**
 * May what the environment says of the author stand in a header and in an envelope?
 *
 * A line end in it would write a header line of its own. A name is shown without; of an address nobody can tell what was
 * meant, so it is refused.
 */
import * as Result from "effect/Result"
import { type ByteString, hasControl, trimEndBlanks, withoutControl } from "../Bytes.ts"
import type { SubmissionOptions } from "./SubmissionOptions.ts"

/** The failure says what is refused. */
export const checked = (options: SubmissionOptions): Result.Result<SubmissionOptions, ByteString> => {
  const { fullName, host, senderHost, senderUser, user } = options.author
  for (const [what, text] of [
    ["user", user],
    ["host", host],
    ["user of the sender", senderUser],
    ["host of the sender", senderHost],
    ["default domain", options.hosts.defaultDomain],
    ["default host", options.hosts.defaultHost],
    ["plus domain", options.hosts.plusDomain],
    ["host of message IDs", options.hosts.idHost]
  ] as const)
    if (text !== undefined && hasControl(text))
      return Result.fail(`control character in the ${what}: ${withoutControl(text, "?")}`)
  const shown = fullName === undefined ? "" : trimEndBlanks(withoutControl(fullName, " "))
  return Result.succeed({ ...options, author: { ...options.author, fullName: shown === "" ? undefined : shown } })
}
