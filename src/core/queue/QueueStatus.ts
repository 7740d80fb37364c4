/** What does the exit of a qmail-queue (or of a program in its place) mean for its caller? (notqmail's qmail.c) */
import type { ByteString } from "../Bytes.ts"
import type { ExitCode } from "../Outcome.ts"

/** How a child ended. */
export type Ending =
  | { readonly _tag: "Exited"; readonly exitCode: ExitCode }
  | { readonly _tag: "Killed"; readonly signal: string }

export type QueueStatus =
  | { readonly _tag: "Queued"; readonly qp: number }
  /** `text` ends without a line feed, e.g. `qq read error (#4.3.0)`. */
  | { readonly _tag: "Refused"; readonly outcome: "temporary" | "permanent"; readonly text: ByteString }

export interface Facts {
  /** The process id of the queue program. */
  readonly qp: number
  readonly ending: Ending
  /** The caller withheld the end of the envelope, or the program did not take all that it was given. */
  readonly failed: boolean
  /** What came out of descriptor 6. */
  readonly custom: ByteString
}

export const statusOf = ({ custom, ending, failed, qp }: Facts): QueueStatus => {
  if (ending._tag === "Killed") return temporary("qq crashed (#4.3.0)")
  const code = ending.exitCode === 0 && failed ? 54 : ending.exitCode
  if (code === 0) return { _tag: "Queued", qp }
  if (code === 82 && custom.length > 2)
    // only a D is permanent; what else it begins with is not looked at
    return custom[0] === "D" ? permanent(custom.slice(1)) : temporary(custom.slice(1))
  return (
    texts[code] ??
    (code >= 11 && code <= 40 ? permanent("qq permanent problem (#5.3.0)") : temporary("qq temporary problem (#4.3.0)"))
  )
}

const temporary = (text: ByteString): QueueStatus => ({ _tag: "Refused", outcome: "temporary", text })
const permanent = (text: ByteString): QueueStatus => ({ _tag: "Refused", outcome: "permanent", text })

const tooLong = permanent("envelope address too long for qq (#5.1.3)")
const creating = temporary("qq trouble creating files in queue (#4.3.0)")
const internalBug = temporary("qq internal bug (#4.3.0)")

const texts: Readonly<Record<ExitCode, QueueStatus>> = {
  11: tooLong,
  115: tooLong,
  31: permanent("mail server permanently rejected message (#5.3.0)"),
  51: temporary("qq out of memory (#4.3.0)"),
  52: temporary("qq timeout (#4.3.0)"),
  53: temporary("qq write error or disk full (#4.3.0)"),
  54: temporary("qq read error (#4.3.0)"),
  55: temporary("qq unable to read configuration (#4.3.0)"),
  56: temporary("qq trouble making network connection (#4.3.0)"),
  61: temporary("qq trouble in home directory (#4.3.0)"),
  62: creating,
  63: creating,
  64: creating,
  65: creating,
  66: creating,
  71: temporary("mail server temporarily rejected message (#4.3.0)"),
  72: temporary("connection to mail server timed out (#4.4.1)"),
  73: temporary("connection to mail server rejected (#4.4.1)"),
  74: temporary("communication with mail server failed (#4.4.2)"),
  81: internalBug,
  91: internalBug,
  120: temporary("unable to exec qq (#4.3.0)")
}

/** Most bytes that are read from descriptor 6. */
export const customBytesMax = 255
