/** What mailsubj tells qmail-inject: the header that it puts before a text, and the recipients. */
import { type ByteString, withoutControl } from "../Bytes.ts"

export interface SubjectMail {
  readonly header: ByteString
  /** For qmail-inject. */
  readonly arguments: ReadonlyArray<ByteString>
}

/** In a qmail home nothing is looked at. In ours no word writes a line of its own, and a recipient is an address. */
export const format = (subject: ByteString, recipients: ReadonlyArray<ByteString>, classic: boolean): SubjectMail =>
  classic
    ? { header: `Subject: ${subject}\nTo:${recipients.map((word) => ` ${word}`).join("")}\n\n`, arguments: [] }
    : {
        header: `Subject: ${oneLine(subject)}\nTo: ${recipients.map(oneLine).join(", ")}\n\n`,
        arguments: ["-a", "--", ...recipients]
      }

const oneLine = (text: ByteString): ByteString => withoutControl(text, " ")
