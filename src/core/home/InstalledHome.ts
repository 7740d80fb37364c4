/**
 * The home that a program was installed for. It is a line of the program itself, so that nobody who starts the program
 * can change it; `scripts/build.mjs` writes it first, `thresher install` and `instpackage` write it anew.
 */
import { type ByteString, concat, fromChunk, fromText, toChunk, toText } from "../Bytes.ts"

/** Of programs as they are built. (conf-qmail) */
export const builtFor: ByteString = "/var/qmail"

/** With its line feed. Bytes beyond ASCII stand as escapes: the program is read as UTF-8. */
export const line = (home: ByteString): ByteString => `${before}${escaped(JSON.stringify(home))}\n`

/** Undefined: the program has no such line. */
export const read = (program: Uint8Array): ByteString | undefined => {
  const found = pattern.exec(fromChunk(program, 0, Math.min(program.length, bytesRead)))
  return found === null ? undefined : (JSON.parse(found[1]!) as ByteString)
}

/** What has no such line stays as it is. */
export const written = (program: Uint8Array, home: ByteString): Uint8Array => {
  const found = pattern.exec(fromChunk(program, 0, Math.min(program.length, bytesRead)))
  return found === null
    ? program
    : concat([program.subarray(0, found.index), toChunk(line(home)), program.subarray(found.index + found[0].length)])
}

/** The line stands near the beginning. */
export const bytesRead = 2048

/** Node finds no program whose path is not UTF-8. */
export const canHoldPrograms = (home: ByteString): boolean => fromText(toText(home)) === home

const before = "const thresherHome="
const pattern = /^const thresherHome=("(?:[^"\\\n]|\\.)*")\n/m
const escaped = (text: string): ByteString =>
  text.replace(/[\x7f-\xff]/g, (byte) => `\\u00${byte.charCodeAt(0).toString(16)}`)
