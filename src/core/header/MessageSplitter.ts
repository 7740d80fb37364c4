/**
 * A message in chunks, to header fields and body. Lines that begin with a blank continue a field. A line that is
 * no field ends the header: an empty line is put before it. The last line gets a line feed if it has none.
 * The header is held until it is complete, a field at a time; of the body nothing is held. (headerbody.c)
 */
import { type ByteString, empty, fromChunk, toChunk } from "../Bytes.ts"
import * as HeaderField from "./HeaderField.ts"

export interface Splitter {
  readonly part: "header" | "body"
  /** The field that may still be continued; empty before the first one. */
  readonly field: ByteString
  /** The beginning of a line of the header. */
  readonly line: ByteString
  /** Whether the body, as far as it is known, ends with a line feed. */
  readonly lineEnded: boolean
}

export interface Split {
  readonly splitter: Splitter
  /** Fields that are now complete. */
  readonly fields: ReadonlyArray<ByteString>
  /** What is now known of the body, beginning with its empty line. */
  readonly body: Uint8Array
}

export const initial: Splitter = { part: "header", field: "", line: "", lineEnded: true }

export const feed = (splitter: Splitter, chunk: Uint8Array): Split => {
  if (splitter.part === "body")
    return chunk.length === 0
      ? { splitter, fields: [], body: empty }
      : { splitter: { ...splitter, lineEnded: chunk.at(-1) === lineFeed }, fields: [], body: chunk }
  const more = fromChunk(chunk)
  // Of a line that does not end yet nothing is looked at: it may come in any number of chunks.
  if (!more.includes("\n")) return { splitter: { ...splitter, line: splitter.line + more }, fields: [], body: empty }
  const text = splitter.line + more
  const fields: Array<ByteString> = []
  let { field } = splitter
  // Where in `text` the field at hand goes on, and where the line at hand begins.
  let from = 0
  let at = 0
  for (let end = text.indexOf("\n") + 1; end > 0; end = text.indexOf("\n", at) + 1) {
    const hasField = field !== "" || from < at
    if (!hasField || (text[at] !== " " && text[at] !== "\t")) {
      if (hasField) fields.push(field + text.slice(from, at))
      from = at
      const line = text.slice(at, end)
      if (line.startsWith("From ")) field = "MBOX-Line: "
      else if (HeaderField.isValid(line)) field = ""
      else return endHeader(fields, line, chunk.subarray(end - splitter.line.length))
    }
    at = end
  }
  return {
    splitter: { ...splitter, field: field + text.slice(from, at), line: text.slice(at) },
    fields,
    body: empty
  }
}

/** The input is at its end. */
export const finish = (splitter: Splitter): Split => {
  if (splitter.part === "body")
    return { splitter: { ...splitter, lineEnded: true }, fields: [], body: splitter.lineEnded ? empty : newLine }
  if (splitter.line !== "") {
    const last = feed(splitter, newLine)
    const after = finish(last.splitter)
    return { ...after, fields: [...last.fields, ...after.fields], body: last.body.length > 0 ? last.body : after.body }
  }
  return { splitter: body, fields: splitter.field === "" ? [] : [splitter.field], body: empty }
}

const endHeader = (fields: ReadonlyArray<ByteString>, line: ByteString, rest: Uint8Array): Split => {
  const first = toChunk(line === "\n" ? line : `\n${line}`)
  const whole = new Uint8Array(first.length + rest.length)
  whole.set(first)
  whole.set(rest, first.length)
  return { splitter: { ...body, lineEnded: whole.at(-1) === lineFeed }, fields, body: whole }
}

const lineFeed = 10
const newLine = Uint8Array.of(lineFeed)
const body: Splitter = { part: "body", field: "", line: "", lineEnded: true }
