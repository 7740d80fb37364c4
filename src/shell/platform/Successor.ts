/**
 * Becoming another program: the process keeps its id and descriptors 0 to 2, and nothing runs twice. Nor does the other
 * program find what node does with signals: it ignores SIGPIPE and SIGXFSZ, and SIGUSR1 is blocked so that it starts
 * no debugger. env(1) undoes all three; node could undo only the first two.
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { type ByteString, fromChunk, toText } from "../../core/Bytes.ts"
import * as Interpreter from "../../core/home/Interpreter.ts"
import type { Errno } from "../../core/Outcome.ts"
import { bytesKept, ProcessesError, type ProgramImage } from "./Processes.ts"

/** `program` and `directory` are absolute. */
export interface SuccessorDescription extends ProgramImage {
  /** What it finds as its own name, where that is not `program`. */
  readonly name?: ByteString
  readonly directory: ByteString
}

/** Comes back only if it fails. */
export const become = (description: SuccessorDescription): Effect.Effect<never, ProcessesError> =>
  Effect.suspend(() => {
    const obstacle = whyNotRun(description.program)
    if (obstacle !== undefined)
      return Effect.fail(new ProcessesError({ program: description.program, errno: obstacle }))
    const image = bytesKept(description)
    const { arguments: args, environment, program } = image
    // The shell that keeps odd bytes has a name of its own.
    const name = image === description ? (description.name ?? program) : program
    process.chdir(toText(description.directory))
    const words = [name, ...args]
    // env takes NAME=VALUE for an assignment.
    const isUndone = process.execArgv.includes(Interpreter.noDebugger) && !name.includes("=")
    // A signal that has a listener is no longer ignored, and the system forgets listeners here.
    if (!isUndone) for (const signal of ["SIGPIPE", "SIGXFSZ"] as const) process.on(signal, () => {})
    process.execve!(
      toText(isUndone ? Interpreter.env : program),
      (isUndone ? ["env", "--default-signal=USR1,PIPE,XFSZ", "--", ...words] : words).map(toText),
      Object.fromEntries(Object.entries(environment).map(([name, value]) => [toText(name), toText(value)]))
    )
    throw new Error("execve came back")
  })

/** Node ends the process if the system refuses, so what can be known is asked before. */
const whyNotRun = (program: ByteString): Errno | undefined => {
  const path = Buffer.from(program, "latin1")
  try {
    fs.accessSync(path, fs.constants.X_OK)
    if (!fs.statSync(path).isFile()) return "EACCES"
    const interpreter = interpreterOf(path)
    if (interpreter === undefined) return "ENOEXEC"
    if (interpreter !== "") fs.accessSync(Buffer.from(interpreter, "latin1"), fs.constants.X_OK)
    return undefined
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code ?? "EIO"
  }
}

/** The path behind `#!`; empty for a program of the system's own format; undefined if it is neither. */
const interpreterOf = (path: Buffer): ByteString | undefined => {
  const fd = fs.openSync(path, "r")
  try {
    const start = new Uint8Array(lineBytesMax)
    const text = fromChunk(start, 0, fs.readSync(fd, start))
    return text.startsWith("\x7fELF") ? "" : /^#![ \t]*([^ \t\n]+)/.exec(text)?.[1]
  } finally {
    fs.closeSync(fd)
  }
}

/** As much as Linux reads of it. */
const lineBytesMax = 256
