/** The lines of a .qmail file: what is to be done with a message, in order. (dot-qmail(5), qmail-local.c) */
import { type ByteString, trimEndBlanks } from "../Bytes.ts"
import * as ForeignText from "../ForeignText.ts"

/** `text` is the line as written, without its mark and trailing blanks; it may hold a NUL (see `cut`). */
export type Instruction =
  | { readonly _tag: "Maildir"; readonly text: ByteString }
  | { readonly _tag: "Mbox"; readonly text: ByteString }
  | { readonly _tag: "Program"; readonly text: ByteString }
  | { readonly _tag: "Forward"; readonly text: ByteString }
  /** `+list`: from here on only forwards are allowed. */
  | { readonly _tag: "ForwardOnly" }
  /** An empty first line: most likely an editor was interrupted. */
  | { readonly _tag: "BlankStart" }

export const parse = (content: ByteString): ReadonlyArray<Instruction> => {
  const instructions: Array<Instruction> = []
  const lines = content.split("\n")
  if (lines.length > 1 && lines[lines.length - 1] === "") lines.pop()
  for (const [number, raw] of lines.entries()) {
    const instruction = lineOf(trimEndBlanks(raw), number === 0)
    if (instruction !== undefined) instructions.push(instruction)
  }
  return instructions
}

/** Why nothing of this file does what was meant. */
export interface Flaw {
  readonly line?: number
  readonly reason: string
}

/**
 * An editor of another system wrote this: a name with CR at its end is no name of a Maildir, and a first line behind a
 * byte order mark is an address. Undefined: nothing of the kind.
 */
export const flaw = (content: ByteString): Flaw | undefined => {
  if (ForeignText.isUtf16(content)) return { reason: "is UTF-16 text" }
  if (content.startsWith(ForeignText.byteOrderMark)) return { line: 1, reason: "begins with a byte order mark" }
  const found = ForeignText.numbered(content).find(({ text }) => text[0] !== "#" && ForeignText.endsInReturn(text))
  return found && { line: found.number, reason: "ends with a carriage return" }
}

export const flawMeans = (classic: boolean): string =>
  classic ? ", which is part of the instruction" : ": all mail to it waits until it is corrected"

const lineOf = (line: ByteString, isFirst: boolean): Instruction | undefined => {
  switch (line[0]) {
    case undefined:
    case "\0":
      return isFirst ? { _tag: "BlankStart" } : undefined
    case "#":
      return undefined
    case ".":
    case "/":
      return { _tag: line.endsWith("/") ? "Maildir" : "Mbox", text: line }
    case "|":
      return { _tag: "Program", text: line.slice(1) }
    case "+":
      return cut(line) === "+list" ? { _tag: "ForwardOnly" } : undefined
    case "&":
      return { _tag: "Forward", text: line.slice(1) }
    default:
      return { _tag: "Forward", text: line }
  }
}

/** What the system sees of a line: a path, a command and an address end at a NUL. */
export const cut = (text: ByteString): ByteString => {
  const end = text.indexOf("\0")
  return end < 0 ? text : text.slice(0, end)
}

/** What `qmail-local -n` says of an instruction. */
export const describe = ({ _tag, text }: Extract<Instruction, { readonly text: ByteString }>): ByteString =>
  `${_tag.toLowerCase()} ${text}\n`
