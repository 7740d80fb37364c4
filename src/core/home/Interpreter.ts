/**
 * The first line of our programs: env(1) starts node without the variables by which a caller would make node load his
 * code, open a debugger, or write reports. The kernel cuts the line at 255 bytes, so what matters most comes first.
 */
import type { ByteString } from "../Bytes.ts"
import type { ExitCode } from "../Outcome.ts"

/** `canLeaveOut`: the system's env knows -S and --default-signal (GNU coreutils 8.31). Without it only node is named. */
export const line = (node: ByteString, canLeaveOut: boolean): ByteString => {
  // env would take the path for an assignment.
  if (!canLeaveOut || node.includes("=")) return `#!${node}`
  const last = `${quoted(node)} ${noDebugger}`
  const taken: Array<Word> = []
  for (const word of words) if (whole([...taken, word], last).length <= bytesMax) taken.push(word)
  const all = whole(taken, last)
  return taken.includes(options) && all.length <= bytesMax ? all : `#!${node}`
}

/** Whether the first line of a program is one that leaves variables out. */
export const leavesOut = (firstLine: ByteString): boolean => firstLine.startsWith(begin)

/** Ours are scripts of node; qmail's are machine code or scripts of a shell. */
export const isOurs = (program: ByteString): boolean => /^#!(?:\/usr\/bin\/env -S [^\n]*)?\S*node/.test(program)

/** The environment as the caller gave it, for the programs that we start. */
export const asGiven = (environment: Readonly<Record<ByteString, ByteString>>): Record<ByteString, ByteString> => {
  const { [kept]: given, ...others } = environment
  return given === undefined || given === "" ? others : { ...others, NODE_OPTIONS: given }
}

/** env's own exits: it failed, could not run node, or found none. */
export const mayBeEnv = (exitCode: ExitCode): boolean => exitCode >= 125 && exitCode <= 127

export const env = "/usr/bin/env"

/** Node's switch against the debugger that SIGUSR1 starts. It leaves that signal blocked. */
export const noDebugger = "--disable-sigusr1"

interface Word {
  readonly place: "option" | "assignment" | "flag"
  readonly text: ByteString
}

const kept = "NODE_WAS"
const options: Word = { place: "option", text: "-uNODE_OPTIONS" }
const words: ReadonlyArray<Word> = [
  options,
  { place: "assignment", text: `${kept}=\${NODE_OPTIONS}` },
  // A configuration of OpenSSL names libraries to load.
  { place: "flag", text: "--openssl-config=/dev/null" },
  // Node takes this descriptor for a channel to its parent, and aborts if it is none.
  { place: "option", text: "-uNODE_CHANNEL_FD" },
  { place: "option", text: "-uNODE_DEBUG" },
  { place: "option", text: "-uNODE_V8_COVERAGE" },
  { place: "option", text: "-uNODE_DEBUG_NATIVE" },
  { place: "option", text: "-uNODE_COMPILE_CACHE" }
]

const whole = (taken: ReadonlyArray<Word>, last: ByteString): ByteString => {
  const of = (place: Word["place"]) => taken.filter((word) => word.place === place).map(({ text }) => text)
  return [begin, ...of("option"), ...of("assignment"), last, ...of("flag")].join(" ")
}

const quoted = (path: ByteString): ByteString =>
  /^[\w./@+:,-]+$/.test(path) ? path : `'${path.replaceAll(/[\\']/g, (character) => `\\${character}`)}'`

const begin = `#!${env} -S`
/** BINPRM_BUF_SIZE of Linux, without its NUL. */
export const bytesMax = 255
