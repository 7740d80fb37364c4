/** The header that mailsubj puts before a text; qmail-inject completes it. Nothing is quoted. */
import type { ByteString } from "../Bytes.ts"

export const format = (subject: ByteString, recipients: ReadonlyArray<ByteString>): ByteString =>
  `Subject: ${subject}\nTo:${recipients.map((recipient) => ` ${recipient}`).join("")}\n\n`
