/** Header fields, each with its continuation lines and its last line feed: valid ones, and the ones that mean something. */
import { type ByteString, lower, trimEndBlanks } from "../Bytes.ts"

/** The fields that qmail knows. (hfield.c) */
export type FieldName = (typeof names)[number]

/** The name in lower case; undefined if it is none that qmail knows. Blanks may stand before the colon. */
export const known = (field: ByteString): FieldName | undefined => {
  const name = nameOf(field)
  if (name.length > longestName) return undefined
  const folded = lower(name)
  return isKnown(folded) ? folded : undefined
}

/** Does this line begin a field: visible ASCII, blanks perhaps, a colon? */
export const isValid = (line: ByteString): boolean => {
  const name = nameOf(line)
  return name !== "" && !/[^!-~]/.test(name)
}

/** What stands after the colon, without blanks and line ends before it. */
export const bodyOf = (field: ByteString): ByteString => field.slice(field.indexOf(":") + 1).replace(/^[ \t\r\n]+/, "")

/** Fields that whoever passes a message on adds to it; with them the others are somebody else's. (RFC 822, 4.2) */
export const isResent = (name: FieldName): boolean => name.startsWith("resent-")

const nameOf = (line: ByteString): ByteString => {
  const colon = line.indexOf(":")
  return colon < 0 ? "" : trimEndBlanks(line.slice(0, colon))
}

const isKnown = (name: string): name is FieldName => knownNames.has(name)

const names = [
  "sender",
  "from",
  "reply-to",
  "to",
  "cc",
  "bcc",
  "date",
  "message-id",
  "subject",
  "resent-sender",
  "resent-from",
  "resent-reply-to",
  "resent-to",
  "resent-cc",
  "resent-bcc",
  "resent-date",
  "resent-message-id",
  "return-receipt-to",
  "errors-to",
  "apparently-to",
  "received",
  "return-path",
  "delivered-to",
  "content-length",
  "content-type",
  "content-transfer-encoding",
  "notice-requested-upon-delivery-to",
  "mail-followup-to"
] as const

const knownNames: ReadonlySet<string> = new Set(names)
const longestName = Math.max(...names.map(({ length }) => length))
