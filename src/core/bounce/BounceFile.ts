/**
 * bounce/N: a paragraph for each recipient that failed. It begins with the address and ends with the only empty
 * line in it; whoever reads a notice can rely on that (QSBMF).
 *
 * From: qmail-send.c, addbounce().
 */
import type { Address } from "../address/Address.ts"
import type { ByteString } from "../Bytes.ts"

export interface Failure {
  /** As the sender knows it. */
  readonly recipient: Address
  readonly report: ByteString
  /** The original leaves empty lines at the end of a report, and the paragraph ends too early. */
  readonly classic: boolean
}

export const paragraph = ({ classic, recipient, report }: Failure): ByteString => {
  const text = classic ? report : report.replace(/\n+$/, "")
  const lines = `<${recipient.replaceAll("\n", "_")}>:\n${text}${text === "" || text.endsWith("\n") ? "" : "\n"}`
  // The last byte stays a line feed even behind another one.
  return `${lines.slice(0, -1).replace(/(?<=\n)\n/g, "/")}\n\n`
}
