/** What a program inherits from its caller beside arguments: open descriptors and signals. */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as net from "node:net"
import type { Readable } from "node:stream"
import type { Errno, ExitCode } from "../../core/Outcome.ts"
import { type FileCalls, FilesError } from "./Files.ts"

/**
 * Was this descriptor (above 2) open when we were started? Node marks all of them close-on-exec, so that the mark tells
 * nothing; but its own are no files: they are of no kind, or pipes of which it holds the other end.
 */
export const isInherited = (fd: number): boolean => {
  const file = target(fd)
  if (file === "" || file.startsWith("anon_inode:")) return false
  return !file.startsWith("pipe:") || !openNumbers().some((other) => target(other) === file && isReader(other))
}

/** How many descriptors this process may have; Infinity if nobody can say. */
export const most = (): number => {
  try {
    return Number(/^Max open files +([0-9]+)/m.exec(fs.readFileSync("/proc/self/limits", "latin1"))?.[1] ?? Infinity)
  } catch {
    return Infinity
  }
}

/** Why no descriptor can be opened now; undefined if one can. */
export const shortage = (): Errno | undefined => {
  try {
    fs.closeSync(fs.openSync("/dev/null", "r"))
    return undefined
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    return code === "EMFILE" || code === "ENFILE" ? code : undefined
  }
}

const openNumbers = (): ReadonlyArray<number> => fs.readdirSync("/proc/self/fd").map(Number)
const isReader = (fd: number): boolean => fd > 2 && (flagsOf(fd)! & accessMode) === fs.constants.O_RDONLY

/** Node puts /dev/null, open both ways, where descriptor 0, 1 or 2 was closed: reading must fail there, not end. */
export const isMissing = (fd: number): boolean => {
  const flags = flagsOf(fd)
  if (flags === undefined) return true
  return (flags & accessMode) === fs.constants.O_RDWR && target(fd) === "/dev/null"
}

/**
 * Next bytes of an inherited descriptor, none at its end, without blocking the process: clocks and signals go on. (A
 * read in node's thread pool would hold up the end of the process.) A pipe is opened once more through /proc, so that
 * it does not become non-blocking for others who have it open too.
 */
export const reader = (files: FileCalls, fd: number): Effect.Effect<Uint8Array, FilesError> => {
  const refuse = (errno: string) => new FilesError({ operation: "read", path: `${fd}`, errno })
  if (isMissing(fd) || (flagsOf(fd)! & accessMode) === fs.constants.O_WRONLY) return Effect.fail(refuse("EBADF"))
  let stream: Readable
  try {
    stream = new net.Socket({ fd: openedAgain(fd), readable: true, writable: false })
  } catch {
    return files.read(fd, pieceBytes, null)
  }
  let failure: FilesError | undefined
  stream.on("error", (cause: NodeJS.ErrnoException) => {
    failure = refuse(cause.code ?? "EIO")
  })
  return Effect.callback((resume) => {
    const stop = (): void => {
      for (const event of wakers) stream.off(event, attempt)
    }
    const attempt = (): void => {
      const piece = stream.read() as Uint8Array | null
      if (piece === null && !stream.readableEnded && !stream.destroyed) return
      stop()
      resume(piece === null && failure !== undefined ? Effect.fail(failure) : Effect.succeed(piece ?? nothing))
    }
    for (const event of wakers) stream.on(event, attempt)
    attempt()
    // A read that is given up takes nothing: the piece is for the next one.
    return Effect.sync(stop)
  })
}

const wakers = ["readable", "end", "close"] as const
const nothing = new Uint8Array(0)

const openedAgain = (fd: number): number => {
  if (!fs.fstatSync(fd).isFIFO()) return fd
  try {
    return fs.openSync(`/proc/self/fd/${fd}`, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
  } catch {
    return fd
  }
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

const pieceBytes = 65536
const accessMode = 3

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
