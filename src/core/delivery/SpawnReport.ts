/**
 * What does this exit status mean for the recipient?
 *
 * A report is a letter (K delivered, Z try again, D give up) and a text for the log and the bounce. The programs that
 * deliver say it by exit code (qmail-local) or by reports of their own (qmail-remote), and may also crash.
 *
 * From: qmail-lspawn.c and qmail-rspawn.c, report().
 */
import type { ByteString } from "../Bytes.ts"
import type { ExitCode } from "../Outcome.ts"
import type { Ending } from "../queue/QueueStatus.ts"
import type { Channel } from "../route/Channel.ts"

/** A letter and a text. */
export type Report = ByteString

export const crashed = (channel: Channel): Report => `Zqmail-${channel} crashed.\n`

/** `output` is everything qmail-local and its children wrote. */
export const ofLocal = (ending: Ending, output: ByteString): Report => {
  if (ending._tag === "Killed") return crashed("local")
  const text = upToNul(output)
  const fixed = localTexts[ending.exitCode]
  if (fixed !== undefined) return fixed
  if (ending.exitCode === 0) return `K${text}`
  return temporaryExits.has(ending.exitCode) ? `Z${text}` : `D${text}`
}

/**
 * `output` is what qmail-remote wrote: a report for the recipient (r, s or h), then one for the message (K, Z or D),
 * each with its NUL. The worse of the two counts, and the second text is said unless it promises more than happened.
 *
 * The first byte is a letter whatever it is: a NUL there ends nothing, and the first text follows it. The second text
 * may lack its NUL. The verdict on the message counts only with its NUL, and a report may be empty.
 */
export const ofRemote = (ending: Ending, output: ByteString): Report => {
  if (ending._tag === "Killed") return crashed("remote")
  if (ending.exitCode === 111) return "ZUnable to run qmail-remote.\n"
  if (ending.exitCode !== 0) return "DUnable to run qmail-remote.\n"
  if (output === "") return "Zqmail-remote produced no output.\n"
  const message =
    output
      .split("\0")
      .slice(0, -1)
      .map(goodness)
      .find((verdict) => verdict !== undefined) ?? -1
  const recipient = output[0] === "s" ? 0 : output[0] === "h" ? -1 : message
  const letter = recipient === 1 ? "K" : recipient === 0 ? "Z" : "D"
  const firstEnd = output.indexOf("\0", 1)
  if (firstEnd < 0) return letter
  const second = output.slice(firstEnd + 1)
  const isSaid = message <= recipient && goodness(second) !== undefined
  return `${letter}${output.slice(1, firstEnd)}${isSaid ? upToNul(second.slice(1)) : ""}`
}

const goodness = (report: ByteString): 1 | 0 | -1 | undefined =>
  report[0] === "K" ? 1 : report[0] === "Z" ? 0 : report[0] === "D" ? -1 : undefined

/** Mail to nobody's box (`@domain`) is thrown away, and that is a success. */
export const trash: Report = "K"

/** Output of qmail-local is cut while it is read. (qmail-lspawn.c, truncreport) */
export const cutLocal = (output: ByteString): ByteString =>
  output.length > localBytesMax ? output.slice(0, localBytesMax - cutNotice.length - 3) + cutNotice : output

/** Whoever reads output may stop here: nothing behind it will be said. */
export const localBytesMax = 3000
const cutNotice = "\nError report too long, sorry.\n"

/** Why a delivery could not even be tried. `temporary` says whether the same may work later. */
export const unableToRun = { local: { temporary: 120, permanent: 126 }, remote: { temporary: 111, permanent: 100 } }

const upToNul = (text: ByteString): ByteString => {
  const nul = text.indexOf("\0")
  return nul < 0 ? text : text.slice(0, nul)
}

const localTexts: Readonly<Record<ExitCode, Report>> = {
  112: "ZInternal qmail-lspawn bug.\n",
  113: "ZNot allowed to perform deliveries as root.\n",
  115: "ZNFS failure in qmail-local.\n",
  116: "ZUnable to find alias user!\n",
  117: "ZTrouble reading users/cdb in qmail-lspawn.\n",
  118: "ZTemporary failure in qmail-lspawn.\n",
  119: "ZOut of memory in qmail-lspawn.\n",
  120: "ZUnable to run qmail-local.\n",
  121: "ZUnable to run qmail-getpw.\n",
  126: "DUnable to run qmail-local.\n"
}

/** The exits that qmail-local gives on purpose: temporary failure, and three of sysexits. */
const temporaryExits: ReadonlySet<ExitCode> = new Set([111, 71, 74, 75])
