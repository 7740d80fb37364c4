/**
 * Byte strings. Addresses, header fields, file names and control files are byte strings: one character
 * a byte, U+0000 to U+00FF. Message text is `Uint8Array`. Nothing is ever decoded on the way through.
 */

/** Every character is one byte. A plain `string` by type; by contract nothing above U+00FF. */
export type ByteString = string

const pieceBytes = 4096

/** The bytes from `start` up to `end` as a byte string; a copy, which keeps no buffer alive. */
export const fromChunk = (chunk: Uint8Array, start = 0, end = chunk.length): ByteString => {
  if (end - start <= pieceBytes) return String.fromCharCode.apply(null, chunk.subarray(start, end) as never)
  let text = ""
  for (let at = start; at < end; at += pieceBytes)
    text += String.fromCharCode.apply(null, chunk.subarray(at, Math.min(at + pieceBytes, end)) as never)
  return text
}

export const toChunk = (text: ByteString): Uint8Array => {
  const chunk = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) chunk[i] = text.charCodeAt(i)
  return chunk
}

export const empty: Uint8Array = new Uint8Array(0)

export const concat = (chunks: ReadonlyArray<Uint8Array>): Uint8Array => {
  if (chunks.length === 1) return chunks[0] ?? empty
  let length = 0
  for (const chunk of chunks) length += chunk.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

/** Folds A to Z only: `toLowerCase` would also change the bytes 0xC0 to 0xDE. (qmail's case_lowers.) */
export const lower = (text: ByteString): ByteString =>
  /[\x80-\xff]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text.toLowerCase()

export const equalFolded = (a: ByteString, b: ByteString): boolean =>
  a.length === b.length && (a === b || lower(a) === lower(b))

/** Without trailing spaces and tabs; `trim` would also eat the byte 0xA0. */
export const trimEndBlanks = (text: ByteString): ByteString => {
  let end = text.length
  while (end > 0 && (text[end - 1] === " " || text[end - 1] === "\t")) end--
  return end === text.length ? text : text.slice(0, end)
}

/** Every byte that fails the test becomes `replacement`. */
export const replaceUnless = (
  text: ByteString,
  fits: (byte: number) => boolean,
  replacement: ByteString
): ByteString => {
  let out = ""
  for (let i = 0; i < text.length; i++) out += fits(text.charCodeAt(i)) ? text[i] : replacement
  return out
}

/** NUL to 31, and 127: in a header they end lines, or hide what they are. */
export const hasControl = (text: ByteString): boolean => /[\x00-\x1f\x7f]/.test(text)

export const withoutControl = (text: ByteString, replacement: ByteString): ByteString =>
  text.replace(/[\x00-\x1f\x7f]/g, replacement)

/** Visible ASCII without the space: 33 to 126. */
export const isGraphic = (byte: number): boolean => byte >= 33 && byte <= 126

/** ASCII that can be shown: 32 to 126. */
export const isPrintable = (byte: number): boolean => byte >= 32 && byte <= 126

/** Leading decimal digits as a number; none or more than a safe integer: undefined. */
export const leadingNumber = (text: ByteString): number | undefined => {
  const digits = /^[0-9]+/.exec(text)
  if (digits === null) return undefined
  const value = Number(digits[0])
  return Number.isSafeInteger(value) ? value : undefined
}

export const isDigits = (text: ByteString): boolean => /^[0-9]+$/.test(text)

/** A byte string that holds UTF-8, as a person reads it. */
export const toText = (text: ByteString): string => {
  try {
    return decodeURIComponent(text.replace(/[%\x80-\xff]/g, (c) => "%" + c.charCodeAt(0).toString(16).padStart(2, "0")))
  } catch {
    return text
  }
}

/** The UTF-8 bytes of what a person wrote. */
export const fromText = (text: string): ByteString =>
  /[^\x00-\x7f]/.test(text)
    ? encodeURIComponent(text).replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    : text
