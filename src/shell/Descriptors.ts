/** What a program inherits from its caller beside arguments: open descriptors and signals. */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import type { ExitCode } from "../core/Outcome.ts"

/** Node opens descriptors of its own and marks all of them close-on-exec; what came through an exec is not marked. */
export const isInherited = (fd: number): boolean => {
  const flags = flagsOf(fd)
  return flags !== undefined && (flags & closeOnExec) === 0
}

/** Node puts /dev/null, open both ways, where descriptor 0, 1 or 2 was closed: reading must fail there, not end. */
export const isMissing = (fd: number): boolean => {
  const flags = flagsOf(fd)
  if (flags === undefined) return true
  return (flags & accessMode) === fs.constants.O_RDWR && target(fd) === "/dev/null"
}

const flagsOf = (fd: number): number | undefined => {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1]
    return flags === undefined ? undefined : parseInt(flags, 8)
  } catch {
    return undefined
  }
}

const target = (fd: number): string => {
  try {
    return fs.readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ""
  }
}

const accessMode = 3
const closeOnExec = 0o2000000

export interface SignalTable {
  /** The program ends at once, cleaning up nothing, with this exit code. */
  readonly exits: Readonly<Partial<Record<NodeJS.Signals, ExitCode>>>
  readonly ignored: ReadonlyArray<NodeJS.Signals>
}

/** Answers with the exit code of the signal that came, or with `late` after so many seconds. */
export const exitOnSignals = (table: SignalTable, seconds: number, late: ExitCode): Effect.Effect<ExitCode> =>
  Effect.callback<ExitCode>((resume) => {
    for (const signal of table.ignored) process.on(signal, () => {})
    for (const [signal, exitCode] of Object.entries(table.exits))
      process.once(signal, () => resume(Effect.succeed(exitCode)))
  }).pipe(Effect.timeoutOrElse({ duration: seconds * 1000, orElse: () => Effect.succeed(late) }))
