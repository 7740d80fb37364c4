/** Log lines as splogger hands them to syslog: stamped, weighed by their first word, cut, made printable. (splogger.c) */
import { type ByteString, isPrintable, leadingNumber } from "../Bytes.ts"

export interface SyslogLine {
  /** Facility and severity in one number, as syslog(3) has them. */
  readonly priority: number
  /** With the stamp. */
  readonly text: ByteString
}

export interface State {
  readonly facility: number
  /** Of an unfinished line. */
  readonly pending: ByteString
  /** The line was cut: what follows has its stamp and its priority. */
  readonly cut: { readonly stamp: ByteString; readonly priority: number } | undefined
}

/** `argument`: the number of a facility; what is no facility means user, as for openlog(3); none means mail. */
export const initial = (argument: ByteString | undefined): State => {
  const facility = argument === undefined ? facilityMail : (leadingNumber(argument) ?? facilityKernel)
  return { facility: facility <= facilityMax ? facility : facilityUser, pending: "", cut: undefined }
}

/** logger(1) makes what a program says as the kernel the user's, and knows no facility beyond the named ones. */
export const loggerTakes = ({ facility }: State): boolean => facility > facilityKernel && facility <= facilityLocal7

export const asUser = (state: State): State => ({ ...state, facility: facilityUser })

/** `micros`: microseconds since 1970. An unfinished last line is never logged. */
export const feed = (
  state: State,
  chunk: Uint8Array,
  micros: number
): { readonly state: State; readonly lines: ReadonlyArray<SyslogLine> } => {
  const lines: Array<SyslogLine> = []
  let { cut, pending } = state
  const flush = (): void => {
    if (pending === "") return
    if (cut === undefined) {
      cut = { stamp: stampOf(micros), priority: state.facility * 8 + severityOf(pending) }
      lines.push({ priority: cut.priority, text: `${cut.stamp} ${pending}` })
    } else lines.push({ priority: cut.priority, text: `${cut.stamp}+${pending}` })
    pending = ""
  }
  for (const byte of chunk) {
    if (byte === lineFeed) {
      flush()
      cut = undefined
      continue
    }
    if (pending.length === pieceBytes) flush()
    pending += isPrintable(byte) ? String.fromCharCode(byte) : "?"
  }
  return { state: { ...state, cut, pending }, lines }
}

const stampOf = (micros: number): ByteString =>
  `${Math.floor(micros / 1e6)}.${String(Math.floor(micros % 1e6)).padStart(6, "0")}`

const severityOf = (line: ByteString): number =>
  line.startsWith("alert:") ? severityAlert : line.startsWith("warning:") ? severityWarning : severityInfo

const severityAlert = 1
const severityWarning = 4
const severityInfo = 6
const facilityKernel = 0
const facilityUser = 1
const facilityMail = 2
const facilityLocal7 = 23
const facilityMax = 127
/** Some syslogs cut or crash at longer ones. */
const pieceBytes = 799
const lineFeed = 10
