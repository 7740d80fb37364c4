/** Runs a program and sets its exit code: the only place where a process ends. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as fs from "node:fs"
import { isMainThread } from "node:worker_threads"
import { type ByteString, fromText, toChunk } from "../../core/Bytes.ts"
import * as Interpreter from "../../core/home/Interpreter.ts"
import { type ExitCode, exitSuccess, exitTemporary } from "../../core/Outcome.ts"

/** A program gives up: `<name>: fatal: <text>` on descriptor 2 and the exit code. An empty text prints nothing. */
export class Fatal extends Data.TaggedError("Fatal")<{ readonly exitCode: ExitCode; readonly text: ByteString }> {}

type Program = Effect.Effect<ExitCode, Fatal>

/** For programs whose layers never wait (`Files.layerSync`): no event loop is started. */
export const runSync = (name: string, program: Program): void => {
  speakForNode(name)
  process.exit(codeOf(name, Effect.runSyncExit(program)))
}

/** For programs that wait for children, sockets or clocks. */
export const run = (name: string, program: Program): void => {
  speakForNode(name)
  // A fiber that waits keeps no process alive by itself.
  // @effect-diagnostics-next-line globalTimers:off
  setInterval(() => {}, 1 << 30)
  Effect.runCallback(program, { onExit: (exit) => process.exit(codeOf(name, exit)) })
}

/**
 * For servers: SIGTERM and SIGINT interrupt the program, its finalizers bring what is under way to an end, and that
 * is a success. `inThread` is what this program does in a worker thread of its own.
 */
export const runServer = (name: string, program: Program, inThread: () => void): void => {
  if (isMainThread) {
    speakForNode(name)
    return runMain(name, program)
  }
  forgetWarnings()
  inThread()
}

const runMain = (name: string, program: Program): void =>
  NodeRuntime.runMain(program, {
    disableErrorReporting: true,
    teardown: (exit, onExit) =>
      onExit(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? exitSuccess : codeOf(name, exit as never))
  })

/**
 * Descriptor 2 may be a client's connection: what node has to say is said in our words or not at all. An end of memory
 * and other failures inside V8 cannot be caught: they end the process by SIGABRT or SIGTRAP with a report of node's.
 */
const speakForNode = (name: string): void => {
  forgetWarnings()
  // For a rejection that nobody waits for, too. The second of two is part of the first.
  process.once("uncaughtException", (cause: unknown) => {
    process.on("uncaughtException", () => {})
    complain(bug(name, cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)))
    if (process.env["THRESHER_DEBUG"] !== undefined && cause instanceof Error)
      complain(fromText(`${cause.stack ?? ""}\n`))
    process.exit(exitTemporary)
  })
  // With a listener SIGUSR1 starts no debugger.
  if (!process.execArgv.includes(Interpreter.noDebugger)) process.on("SIGUSR1", () => {})
}

/** Node's own listener prints them. */
const forgetWarnings = (): void => void process.removeAllListeners("warning")

const bug = (name: string, text: string): ByteString =>
  `${name}: fatal: internal bug: ${fromText(text.split("\n")[0]!)}\n`

const codeOf = (name: string, exit: Exit.Exit<ExitCode, Fatal>): ExitCode => {
  if (Exit.isSuccess(exit)) return exit.value
  const failure = exit.cause.reasons.find(Cause.isFailReason)?.error
  if (failure !== undefined) {
    if (failure.text !== "") complain(`${name}: fatal: ${failure.text}\n`)
    return failure.exitCode
  }
  if (Cause.hasInterruptsOnly(exit.cause)) return exitTemporary
  complain(bug(name, Cause.pretty(exit.cause)))
  if (process.env["THRESHER_DEBUG"] !== undefined) complain(`${Cause.pretty(exit.cause)}\n`)
  return exitTemporary
}

/** Descriptor 2 may be closed or full: that must not change how the program ends. */
const complain = (text: ByteString): void => {
  try {
    fs.writeSync(2, toChunk(text))
  } catch {}
}
