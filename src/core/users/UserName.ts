/**
 * May this be the name of a mail user?
 *
 * The name becomes a directory, a field of users/assign and a local part, and must be safe as each of them. Capitals
 * are folded: a local part is compared without case.
 */
import * as Result from "effect/Result"
import { type ByteString, lower } from "../Bytes.ts"

export const judge = (given: ByteString): Result.Result<ByteString, string> => {
  const name = lower(given)
  const reason = refusals.find(([pattern]) => pattern.test(name))?.[1]
  return reason === undefined ? Result.succeed(name) : Result.fail(reason)
}

/** `joe-shop` would otherwise be an extension of `joe`: the user among these who loses mail to the new one. */
export const takesFrom = (name: ByteString, users: ReadonlyArray<ByteString>): ByteString | undefined =>
  users.filter((user) => name.startsWith(`${user}-`)).sort((a, b) => b.length - a.length)[0]

const refusals: ReadonlyArray<readonly [RegExp, string]> = [
  [/^$/, "a user name may not be empty"],
  [/^.{65}/s, "a user name has at most 64 bytes (RFC 5321, 4.5.3.1.1)"],
  [/[\0-\x20\x7f]/, "a user name has no blanks and no control bytes"],
  [/\//, "a user name has no slash"],
  [/:/, "a user name has no colon"],
  [/@/, "give the part before the @ only"],
  [/^[.+=-]/, "a user name does not begin with a dot, hyphen, plus or equals sign"],
  [/^alias$/, "alias is the account of addresses that nobody has"]
]
