/**
 * The replies of an SMTP server, out of whatever pieces the network hands over. Three bytes are the code, each less
 * `0` and never checked; a dash after them means that more lines follow, whose own codes count for nothing.
 * (qmail-remote.c, smtpcode() and get())
 *
 * Outside classic homes a code has three digits, each line of a reply is long enough for one, and a reply has an end.
 */
import type { ByteString } from "../Bytes.ts"

export interface SmtpAnswer {
  readonly code: number
  /** All lines, without CR, at most `mostTextBytes`. */
  readonly text: ByteString
}

/** What has been read of a reply that is not complete. */
export interface Partial {
  readonly stage: Stage
  readonly code: number
  readonly text: ByteString
  /** Bytes of this reply, counted to bound the patience with a server that never ends one. */
  readonly bytes: number
  /** Lines that are complete; counted if `strict`. */
  readonly lines: number
  readonly strict: boolean
  readonly broken: boolean
}

/** 0 to 2: bytes of the code; 3: the byte after it; "line": the rest of a last line, "more": of another one. */
type Stage = 0 | 1 | 2 | 3 | "line" | "more" | "code0" | "code1" | "code2"

/** As qmail-remote reads. */
export const start: Partial = { stage: 0, code: 0, text: "", bytes: 0, lines: 0, strict: false, broken: false }
export const startStrict: Partial = { ...start, strict: true }

export interface Read {
  readonly partial: Partial
  readonly answers: ReadonlyArray<SmtpAnswer>
}

export const feed = (from: Partial, chunk: Uint8Array): Read => {
  const answers: Array<SmtpAnswer> = []
  const { strict } = from
  let { broken, bytes, code, lines, stage, text } = from
  for (let i = 0; i < chunk.length; i++) {
    const byte = chunk[i]!
    bytes++
    if (byte !== CR && text.length < mostTextBytes) text += String.fromCharCode(byte)
    if (strict && byte === LF) {
      lines++
      // A line that ends within its code ends the reply.
      if (stage !== 3 && stage !== "line" && stage !== "more") {
        broken = true
        stage = "line"
      }
    }
    switch (stage) {
      case 0:
      case 1:
      case 2:
        if (strict && (byte < ZERO || byte > NINE)) broken = true
        code = code * 10 + byte - ZERO
        stage = stage === 0 ? 1 : stage === 1 ? 2 : 3
        continue
      case "code0":
      case "code1":
      case "code2":
        if (strict && byte === CR) broken = true
        stage = stage === "code0" ? "code1" : stage === "code1" ? "code2" : 3
        continue
      case "more":
        if (byte === LF) stage = "code0"
        continue
      case 3:
        stage = byte === DASH ? "more" : "line"
    }
    if (byte !== LF || stage !== "line") continue
    answers.push({ code: broken || lines > mostLines ? noCode : code, text })
    stage = 0
    code = 0
    text = ""
    bytes = 0
    lines = 0
    broken = false
  }
  return { partial: { stage, code, text, bytes, lines, strict, broken }, answers }
}

/** Is this reply longer than any server has reason to send? */
export const isEndless = (partial: Partial): boolean => partial.bytes > mostBytes || partial.lines > mostLines

/** Does it say neither yes nor no? Yes to DATA is 3xx, to all else 2xx. (RFC 5321, 4.2.1 and 4.3.2) */
export const isBroken = ({ code }: SmtpAnswer, toData: boolean): boolean =>
  code < 200 || code >= 600 || (code < 400 && code >= 300 !== toData)

/** Anything that is no number at all counts as a refusal for ever, as it does where the code is unsigned. */
export const outcome = ({ code }: SmtpAnswer): "success" | "temporary" | "permanent" =>
  code < 0 || code >= 500 ? "permanent" : code >= 400 ? "temporary" : "success"

/** `Remote host said: ` and the reply; nothing if there is none. NUL would end the report, so it is shown as `?`. */
export const quoted = (text: ByteString): ByteString =>
  text === "" ? "" : `Remote host said: ${text.replaceAll("\0", "?")}`

/** What a server can do beyond RFC 821, from its reply to EHLO (RFC 5321, 4.1.1.1). */
export interface Extensions {
  readonly pipelining: boolean
  readonly eightBit: boolean
  readonly size: boolean
}

export const noExtensions: Extensions = { pipelining: false, eightBit: false, size: false }

export const extensions = ({ text }: SmtpAnswer): Extensions => {
  const keywords = text
    .split("\n")
    .slice(1)
    .map((line) => /^[A-Za-z0-9-]*/.exec(line.slice(4))![0].toUpperCase())
  return {
    pipelining: keywords.includes("PIPELINING"),
    eightBit: keywords.includes("8BITMIME"),
    size: keywords.includes("SIZE")
  }
}

const LF = 10
const CR = 13
const DASH = 45
const ZERO = 48
const NINE = 57
/** Of a reply that has none. */
const noCode = 0
/** HUGESMTPTEXT of qmail-remote.c. */
const mostTextBytes = 5000
const mostBytes = 1 << 20
const mostLines = 512
