/** What `thresher check` found: where, how bad, and why. */
import type { ByteString } from "../Bytes.ts"

export interface Finding {
  /** An error keeps the server from starting; a warning is said. */
  readonly severity: "error" | "warning"
  /** Below the home. */
  readonly file: ByteString
  /** Counted from 1. */
  readonly line?: number
  readonly reason: string
}

export const error = (file: ByteString, reason: string, line?: number): Finding => make("error", file, reason, line)
export const warning = (file: ByteString, reason: string, line?: number): Finding => make("warning", file, reason, line)

const make = (severity: Finding["severity"], file: ByteString, reason: string, line: number | undefined): Finding => ({
  severity,
  file,
  ...(line !== undefined && { line }),
  reason
})

/** `error: control/smtproutes: line 3: port is not a number from 1 to 65535` */
export const format = (finding: Finding): ByteString => `${finding.severity}: ${place(finding)}`

const place = ({ file, line, reason }: Finding): ByteString =>
  `${file}: ${line === undefined ? "" : `line ${line}: `}${reason}`

/** Why nothing may begin, or change, with these findings: the first error, and how many more. Undefined: it may. */
export const refusal = (findings: ReadonlyArray<Finding>): ByteString | undefined => {
  const [first, ...others] = findings.filter(isError)
  if (first === undefined) return undefined
  return `${place(first)}${others.length === 0 ? "" : ` (and ${others.length} more: run thresher check)`}`
}

export const isError = ({ severity }: Finding): boolean => severity === "error"
