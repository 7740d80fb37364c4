/**
 * Every line of qmail-log(5), without its line feed. What comes from addresses and reports is made safe: no byte of
 * it can end a line or pretend to be another field.
 *
 * From: qmail-send.c.
 */
import { type ByteString, isGraphic, isPrintable, replaceUnless } from "../Bytes.ts"
import { type Errno, type Letter, systemText } from "../Outcome.ts"
import type * as QueueRequest from "../admin/QueueRequest.ts"
import type { Channel } from "../route/Channel.ts"

type Id = string

/** One line. */
export type Line = ByteString

/** LF becomes `/`; blanks, control bytes, 8-bit bytes and `%` become `_`. (logsafe) */
export const safe = (text: ByteString): ByteString => {
  if (/^[!-$&-~]*$/.test(text)) return text
  let out = ""
  for (let i = 0; i < text.length; i++)
    out += text[i] === "\n" ? "/" : isGraphic(text.charCodeAt(i)) && text[i] !== "%" ? text[i] : "_"
  return out
}

export interface Use {
  readonly used: number
  readonly limit: number
}

/** `total` only where control/concurrencytotal is set. */
export const status = (use: Readonly<Record<Channel, Use>>, total: Use | undefined, stopping: boolean): Line =>
  `status: local ${use.local.used}/${use.local.limit} remote ${use.remote.used}/${use.remote.limit}` +
  (total === undefined ? "" : ` total ${total.used}/${total.limit}`) +
  (stopping ? " exitasap" : "")

export const exiting: Line = "status: exiting"
export const reread: Line = "status: controls reread"

export const newMessage = (id: Id): Line => `new msg ${id}`
export const infoMessage = (id: Id, bytes: number, sender: ByteString, qp: number, uid: number): Line =>
  `info msg ${id}: bytes ${bytes} from <${safe(sender)}> qp ${qp} uid ${uid}`
export const endMessage = (id: Id): Line => `end msg ${id}`

export const starting = (delivery: number, id: Id, channel: Channel, recipient: ByteString): Line =>
  `starting delivery ${delivery}: msg ${id} to ${channel} ${safe(recipient)}`

/** A report without a letter that we know is not believed. */
export const reported = (delivery: number, letter: Letter | undefined, text: ByteString): Line =>
  letter === undefined
    ? `delivery ${delivery}: report mangled, will defer`
    : `delivery ${delivery}: ${words[letter]}: ${safe(text)}`

const words = { K: "success", Z: "deferral", D: "failure" } as const satisfies Record<Letter, string>

export const bounced = (id: Id, qp: number): Line => `bounce msg ${id} qp ${qp}`
export const tripleBounce = (id: Id): Line => `triple bounce: discarding bounce/${id}`
export const bounceNotInjected: Line = "warning: trouble injecting bounce message, will try later"
export const bounceNotAppended: Line = "alert: unable to append to bounce message; HELP! sleeping..."

/** What the administrator has changed. */
export const steered = (
  { reason, targets, verb }: QueueRequest.QueueRequest,
  outcomes: ReadonlyArray<QueueRequest.Outcome>
): ReadonlyArray<Line> => {
  const counts = new Map(targets.map(({ id, recipients }) => [id, recipients?.length]))
  const why = reason === "" ? "" : `: ${safe(reason)}`
  return outcomes
    .filter(({ _tag }) => _tag === "Done")
    .map(({ id }) => {
      const count = counts.get(id)
      return `admin: ${verb} msg ${id}${count === undefined ? "" : ` recipients ${count}`}${why}`
    })
}

/** What was changed while nobody could log it; the line comes from a file. */
export const noted = (line: ByteString): Line => `${replaceUnless(line, isPrintable, "_")} (while stopped)`
export const requestRefused = (why: ByteString): Line =>
  `warning: unable to understand a request of the administrator: ${safe(why)}`
export const noDoor = (file: ByteString, errno: Errno): Line =>
  `warning: unable to create ${safe(file)}: ${safe(systemText(errno))}; thresher queue cannot ask this process`
export const notAnswered: Line = "warning: unable to answer a request of the administrator: nobody waits for it"

/** What could not be done to a file of the queue. */
export type Trouble =
  | "stat"
  | "statLater"
  | "unlink"
  | "unlinkLater"
  | "create"
  | "open"
  | "openLater"
  | "read"
  | "readLater"
  | "write"
  | "fsync"
  | "mark"
  | "utime"
  | "clean"
  | "todoRecord"
  | "record"

export const warning = (trouble: Trouble, file: string): Line => {
  const [before, after] = troubles[trouble]
  return `warning: ${before} ${file}${after}`
}

const later = "; will try again later"
const troubles = {
  stat: ["unable to stat", ""],
  statLater: ["unable to stat", later],
  unlink: ["unable to unlink", ""],
  unlinkLater: ["unable to unlink", later],
  create: ["unable to create", ""],
  open: ["unable to open", ""],
  openLater: ["trouble opening", later],
  read: ["trouble reading", ""],
  readLater: ["trouble reading", later],
  write: ["trouble writing to", ""],
  fsync: ["trouble fsyncing", ""],
  mark: ["trouble marking", "; message will be delivered twice!"],
  utime: ["unable to utime", "; message will be retried too soon"],
  clean: ["qmail-clean unable to clean up", ""],
  todoRecord: ["unknown record type in", ""],
  record: ["unknown record type in", "!"]
} as const satisfies Record<Trouble, readonly [string, string]>

export const unknownReport: Line = "warning: internal error: delivery report out of range"
export const openedTwice: Line = "warning: internal error: job already open"
export const blocked = (seconds: number, step: string): Line =>
  `warning: qmail-send was blocked for ${seconds} seconds in ${step}`

export const lostSpawner: Line = "alert: oh no! lost spawn connection! dying..."
export const lostCleaner: Line = "alert: oh no! lost qmail-clean connection! dying..."

/** The original looks again after ten seconds, we after the time of any other trouble with the system. */
export const unreadable = (directory: string, classic: boolean): Line =>
  classic ? `alert: unable to opendir ${directory}, sleeping...` : `alert: trouble reading directory ${directory}`

/** `what`: a control file in a qmail home; in ours `controls:` and the file, the line and the reason. */
export const notReread = (what: ByteString | undefined): Line =>
  `alert: unable to reread ${replaceUnless(what ?? "controls", isPrintable, "_")}`

export type StartTrouble =
  | "unable to switch to home directory"
  | "unable to read controls"
  | "unable to switch to queue directory"
  | "unable to open mutex"
  | "qmail-send is already running"
  | "hath the daemon spawn no fire?"

export const cannotStart = (trouble: StartTrouble): Line => `alert: cannot start: ${trouble}`
