/** Says what is wrong with the bytes of a file that is written by hand, whatever it means. */
import type { ByteString } from "../Bytes.ts"
import * as ForeignText from "../ForeignText.ts"
import { error, type Finding, warning } from "./Finding.ts"

/** The encoding of the whole; nothing else need be said of UTF-16. */
export const encodingFindings = (file: ByteString, content: ByteString): ReadonlyArray<Finding> => {
  if (ForeignText.isUtf16(content))
    return [error(file, "is UTF-16 text, of which nothing is understood: save it as UTF-8")]
  return content.startsWith(ForeignText.byteOrderMark)
    ? [warning(file, "begins with a byte order mark, which is part of the value: save it without", 1)]
    : []
}

/** Lines that end in CR LF. `isRead`: lines that mean anything. */
export const lineEndFindings = (
  file: ByteString,
  content: ByteString,
  what = "which is part of the value",
  isRead: (text: ByteString) => boolean = () => true
): ReadonlyArray<Finding> =>
  ForeignText.numbered(content)
    .filter(({ text }) => ForeignText.endsInReturn(text) && isRead(text))
    .map(({ number }) => warning(file, `ends with a carriage return, ${what}`, number))

/** Where the last line has no effect, or runs into what is written behind it. */
export const lastLineFindings = (file: ByteString, content: ByteString, what: string): ReadonlyArray<Finding> =>
  content === "" || content.endsWith("\n")
    ? []
    : [warning(file, `has no line feed at its end: ${what}`, ForeignText.numbered(content).length)]
