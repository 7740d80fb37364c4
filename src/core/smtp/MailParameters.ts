/**
 * The parameters of MAIL and RCPT, such as ` SIZE=1000 BODY=8BITMIME`: those of the extensions that EHLO offers, each
 * at most once. (RFC 5321, 4.1.1.11. SIZE: RFC 1870, 4. BODY: RFC 6152, 3.)
 */
import * as Result from "effect/Result"
import { type ByteString, lower } from "../Bytes.ts"

export interface MailParameters {
  /** The size that the client announces. */
  readonly size: number | undefined
}

const none: MailParameters = { size: undefined }

/** Fails with what is unknown, malformed, or there for the second time. */
export const ofMail = (text: ByteString): Result.Result<MailParameters, ByteString> => {
  const seen = new Set<ByteString>()
  let parameters = none
  for (const word of words(text)) {
    const [keyword, value] = split(word)
    if (seen.has(keyword)) return Result.fail(word)
    seen.add(keyword)
    if (keyword === "size" && /^[0-9]{1,20}$/.test(value)) parameters = { size: Number(value) }
    else if (keyword !== "body" || !/^(?:7bit|8bitmime)$/i.test(value)) return Result.fail(word)
  }
  return Result.succeed(parameters)
}

/** No extension of ours has one. */
export const ofRcpt = (text: ByteString): Result.Result<MailParameters, ByteString> => {
  const [first] = words(text)
  return first === undefined ? Result.succeed(none) : Result.fail(first)
}

const words = (text: ByteString): ReadonlyArray<ByteString> => text.split(" ").filter((word) => word !== "")

const split = (word: ByteString): readonly [keyword: ByteString, value: ByteString] => {
  const equals = word.indexOf("=")
  return equals < 0 ? [lower(word), ""] : [lower(word.slice(0, equals)), word.slice(equals + 1)]
}
