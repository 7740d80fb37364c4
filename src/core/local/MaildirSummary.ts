/** What maildirwatch shows of a Maildir: who wrote to whom, and how each message begins. (maildirwatch.c) */
import { type ByteString, fromChunk, isPrintable, replaceUnless } from "../Bytes.ts"
import * as HeaderField from "../header/HeaderField.ts"
import * as MessageSplitter from "../header/MessageSplitter.ts"

/** Begins the picture anew in the upper left corner. */
export const clearScreen = "\x1b[;H\x1b[;J"

/** What is known of one message so far. */
export interface Summary {
  readonly splitter: MessageSplitter.Splitter
  /** As in Return-Path, with its brackets. */
  readonly sender: ByteString | undefined
  readonly recipient: ByteString | undefined
  readonly from: ByteString | undefined
  /** Contents of Subject fields, then the body. */
  readonly text: ByteString
}

export const initial: Summary = {
  splitter: MessageSplitter.initial,
  sender: undefined,
  recipient: undefined,
  from: undefined,
  text: ""
}

export const feed = (summary: Summary, chunk: Uint8Array): Summary =>
  added(summary, MessageSplitter.feed(summary.splitter, chunk))

export const finish = (summary: Summary): Summary => added(summary, MessageSplitter.finish(summary.splitter))

/** Nothing that follows will be seen. */
export const isFull = ({ splitter, text }: Summary): boolean => splitter.part === "body" && text.length >= textBytesMax

export const show = ({ from, recipient, sender, text }: Summary): ByteString => {
  const address = (given: ByteString | undefined) => replaceUnless(given ?? "?", isPrintable, "?")
  const plain = (given: ByteString) => replaceUnless(given, isPrintable, "/")
  const bold = from === undefined ? "" : `\x1b[1m${plain(from)}\x1b[0m\n`
  return `FROM ${address(sender)} TO <${address(recipient)}>\n${bold}${plain(text)}\n\n`
}

const added = (summary: Summary, { body, fields, splitter }: MessageSplitter.Split): Summary => {
  let { from, recipient, sender, text } = summary
  for (const field of fields) {
    const content = HeaderField.bodyOf(field)
    const line = content.endsWith("\n") ? content.slice(0, -1) : content
    if (/^return-path[ \t]*:/i.test(field)) sender ??= line
    else if (/^delivered-to[ \t]*:/i.test(field)) recipient ??= line
    else if (/^from[ \t]*:/i.test(field)) from ??= line
    else if (/^subject[ \t]*:/i.test(field)) text += content
  }
  if (body.length > 0) text += fromChunk(body, 0, Math.min(body.length, textBytesMax))
  return { splitter, sender, recipient, from, text: text.slice(0, textBytesMax) }
}

const textBytesMax = 158
