/**
 * What does the exit of a program mean for the one that asked it a question?
 *
 * 0 is yes, 111 is "ask again later", anything else is no; so says a program that cannot be run at all, unless
 * another try may run it. (condredirect.c, bouncesaying.c, except.c)
 */
import { type Errno, exitSuccess, exitTemporary, isTemporary } from "../Outcome.ts"
import type { Ending } from "../queue/QueueStatus.ts"

export type Answer = Ending | { readonly _tag: "NotRun"; readonly errno: Errno }

export type Verdict =
  | { readonly _tag: "Yes" }
  | { readonly _tag: "No" }
  /** The text of a fatal message; the exit code is 111. */
  | { readonly _tag: "Unknown"; readonly text: string }

export const verdictOf = (answer: Answer): Verdict => {
  if (answer._tag === "Killed") return { _tag: "Unknown", text: "child crashed" }
  const isUnsure = answer._tag === "NotRun" ? isTemporary(answer.errno) : answer.exitCode === exitTemporary
  if (isUnsure) return { _tag: "Unknown", text: "temporary child error" }
  return { _tag: answer._tag === "Exited" && answer.exitCode === exitSuccess ? "Yes" : "No" }
}
