/**
 * The file system, one call at a time. Every method is one system call (or a loop over a partial one), so that
 * the order of effects in a program is the order in which a disk sees them. Paths are byte strings.
 *
 * `Files.layerSync` is for programs with one job, `Files.layer` for servers, `Files.layerThread` for their disk threads,
 * `MemoryDisk` for tests and simulation.
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import { type ByteString, fromChunk } from "../../core/Bytes.ts"
import type { Errno } from "../../core/Outcome.ts"

/** The world refused: which call, on which path, and the system's name for the reason. */
export class FilesError extends Data.TaggedError("FilesError")<{
  readonly operation: string
  readonly path: string
  readonly errno: Errno
}> {
  override get message(): string {
    return `${this.operation} ${this.path}: ${this.errno}`
  }
}

export type FileKind = "file" | "directory" | "fifo" | "symlink" | "other"

export interface FileStat {
  readonly kind: FileKind
  /** Decimal: may exceed 2^53. */
  readonly inode: string
  /** The file system that the inode number counts in. */
  readonly device: string
  readonly bytes: number
  /** Permission bits, with set-id and sticky. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Seconds, with fraction. */
  readonly mtime: number
  readonly atime: number
}

/**
 * `create`: new file, must not exist, never through a symbolic link. `append`: created if absent. `replace`:
 * emptied if present. `update`: read and write an existing file. `*NonBlocking` are for FIFOs. `readNoFollow`:
 * whatever it is, if it is no symbolic link, without waiting for it.
 */
export type OpenHow =
  | "read"
  | "write"
  | "update"
  | "create"
  | "append"
  /** The same, but never through a symbolic link: where others can write the directory. */
  | "appendNoFollow"
  | "replace"
  | "readNoFollow"
  /** The same, for reading and writing. */
  | "updateNoFollow"
  | "readNonBlocking"
  | "writeNonBlocking"
  | "updateNonBlocking"

export interface FileCalls {
  readonly open: (path: ByteString, how: OpenHow, mode?: number) => Effect.Effect<number, FilesError>
  readonly close: (fd: number) => Effect.Effect<void, FilesError>
  /**
   * At most `max` bytes; none at the end of the file. `position` null: where the descriptor stands. Waits for a
   * descriptor that has nothing yet, also if it was left non-blocking; `write` likewise.
   */
  readonly read: (
    fd: number,
    max: number,
    position: number | null,
    /** At least `max` long: the bytes may be put there, and are then good until it is used again. */
    into?: Uint8Array
  ) => Effect.Effect<Uint8Array, FilesError>
  /** All of them. */
  readonly write: (fd: number, bytes: Uint8Array, position?: number | null) => Effect.Effect<void, FilesError>
  readonly fsync: (fd: number) => Effect.Effect<void, FilesError>
  readonly truncate: (fd: number, bytes: number) => Effect.Effect<void, FilesError>
  readonly fstat: (fd: number) => Effect.Effect<FileStat, FilesError>
  readonly stat: (path: ByteString) => Effect.Effect<FileStat, FilesError>
  readonly lstat: (path: ByteString) => Effect.Effect<FileStat, FilesError>
  readonly readFile: (path: ByteString) => Effect.Effect<Uint8Array, FilesError>
  readonly list: (directory: ByteString) => Effect.Effect<ReadonlyArray<ByteString>, FilesError>
  readonly link: (from: ByteString, to: ByteString) => Effect.Effect<void, FilesError>
  readonly symlink: (target: ByteString, path: ByteString) => Effect.Effect<void, FilesError>
  readonly rename: (from: ByteString, to: ByteString) => Effect.Effect<void, FilesError>
  readonly unlink: (path: ByteString) => Effect.Effect<void, FilesError>
  readonly mkdir: (path: ByteString, mode: number) => Effect.Effect<void, FilesError>
  readonly chmod: (path: ByteString, mode: number) => Effect.Effect<void, FilesError>
  readonly chown: (path: ByteString, uid: number, gid: number) => Effect.Effect<void, FilesError>
  /** The same for what is open: nobody can put another file in its place meanwhile. */
  readonly fchmod: (fd: number, mode: number) => Effect.Effect<void, FilesError>
  readonly fchown: (fd: number, uid: number, gid: number) => Effect.Effect<void, FilesError>
  /** Seconds. */
  readonly utimes: (path: ByteString, atime: number, mtime: number) => Effect.Effect<void, FilesError>
  /** Makes the directory's entries durable. Calls that wait for the same directory share one fsync. */
  readonly syncDirectory: (directory: ByteString) => Effect.Effect<void, FilesError>
}

/** Finishing a multi-step job with a missing file is often fine. */
export const orIfAbsent = <A, B, R>(effect: Effect.Effect<A, FilesError, R>, absent: () => B) =>
  Effect.catchIf(
    effect,
    (error) => error.errno === "ENOENT",
    () => Effect.sync(absent)
  )

/** Runs one function of node:fs, given without its callback. */
type Caller = <A>(
  operation: string,
  path: ByteString,
  name: string,
  ...args: ReadonlyArray<unknown>
) => Effect.Effect<A, FilesError>

/** No file has a name with a zero byte in it, which node refuses before it asks the system. */
/** One call opens and reads; what only reading can say was said by that. */
const duringRead = (error: FilesError): FilesError =>
  error.errno === "EISDIR" || error.errno === "EIO" ? new FilesError({ ...error, operation: "read" }) : error

const errnoOf = (cause: unknown): Errno => {
  const { code } = cause as NodeJS.ErrnoException
  return code === "ERR_INVALID_ARG_VALUE" ? "ENOENT" : (code ?? "EIO")
}

const calls = fs as unknown as Record<string, (...args: Array<unknown>) => unknown>

const callSync: Caller = (operation, path, name, ...args) =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(calls[`${name}Sync`]!(...args) as never)
    } catch (cause) {
      return Effect.fail(new FilesError({ operation, path, errno: errnoOf(cause) }))
    }
  })

const callAsync: Caller = (operation, path, name, ...args) =>
  Effect.callback((resume) => {
    const failed = (cause: unknown): void =>
      resume(Effect.fail(new FilesError({ operation, path, errno: errnoOf(cause) })))
    try {
      calls[name]!(...args, (cause: unknown, value: never) => (cause ? failed(cause) : resume(Effect.succeed(value))))
    } catch (cause) {
      failed(cause)
    }
  })

const raw = (path: ByteString): string | Buffer => (/[\x80-\xff]/.test(path) ? Buffer.from(path, "latin1") : path)

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = fs.constants
const flagsOf: Readonly<Record<OpenHow, number>> = {
  read: O_RDONLY,
  write: O_WRONLY,
  update: O_RDWR,
  create: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
  // A FIFO that somebody put in the place of a mailbox must not hold up a thread.
  append: O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK,
  appendNoFollow: O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOFOLLOW,
  replace: O_WRONLY | O_CREAT | O_TRUNC,
  readNoFollow: O_RDONLY | O_NONBLOCK | O_NOFOLLOW,
  updateNoFollow: O_RDWR | O_NONBLOCK | O_NOFOLLOW,
  readNonBlocking: O_RDONLY | O_NONBLOCK,
  writeNonBlocking: O_WRONLY | O_NONBLOCK,
  updateNonBlocking: O_RDWR | O_NONBLOCK
}

const statOf = (s: fs.BigIntStats): FileStat => ({
  kind: s.isFile()
    ? "file"
    : s.isDirectory()
      ? "directory"
      : s.isFIFO()
        ? "fifo"
        : s.isSymbolicLink()
          ? "symlink"
          : "other",
  inode: String(s.ino),
  device: String(s.dev),
  bytes: Number(s.size),
  mode: Number(s.mode & 0o7777n),
  uid: Number(s.uid),
  gid: Number(s.gid),
  mtime: Number(s.mtimeMs) / 1000,
  atime: Number(s.atimeMs) / 1000
})

const bigint = { bigint: true }
const pieceBytes = 65536

/** Another process may have left an inherited descriptor non-blocking: wait until it is ready. */
const whileBusy =
  (pause: Effect.Effect<void>) =>
  <A>(attempt: Effect.Effect<A, FilesError>): Effect.Effect<A, FilesError> =>
    Effect.catchIf(
      attempt,
      (error) => error.errno === "EAGAIN" || error.errno === "EINTR",
      () => Effect.flatMap(pause, () => whileBusy(pause)(attempt))
    )

/** An error about a descriptor names the file that was opened; what we did not open has only its number. */
const opened = new Map<number, ByteString>()
const nameOf = (fd: number): ByteString => opened.get(fd) ?? `${fd}`

/** `scratch`: calls are over before the next one begins, so that small reads need no large buffer of their own. */
const make = (
  call: Caller,
  pause: Effect.Effect<void>,
  scratch: Uint8Array | undefined
): Omit<FileCalls, "syncDirectory"> => {
  const patiently = whileBusy(pause)
  const stat = (path: ByteString) => Effect.map(call<fs.BigIntStats>("stat", path, "stat", raw(path), bigint), statOf)
  const open: FileCalls["open"] = (path, how, mode = 0o644) =>
    Effect.tap(call<number>("open", path, "open", raw(path), flagsOf[how], mode), (fd) =>
      Effect.sync(() => opened.set(fd, path))
    )
  const close: FileCalls["close"] = (fd) =>
    Effect.suspend(() => {
      const path = nameOf(fd)
      opened.delete(fd)
      return call("close", path, "close", fd)
    })
  const read: FileCalls["read"] = (fd, max, position, into) =>
    Effect.suspend(() => {
      const lent = into === undefined && scratch !== undefined && max <= scratch.length
      const buffer = lent ? scratch : (into ?? new Uint8Array(max))
      return Effect.map(patiently(call<number>("read", nameOf(fd), "read", fd, buffer, 0, max, position)), (n) =>
        lent ? buffer.slice(0, n) : n === buffer.length ? buffer : buffer.subarray(0, n)
      )
    })
  const write: FileCalls["write"] = (fd, bytes, position = null) =>
    Effect.flatMap(patiently(call<number>("write", nameOf(fd), "write", fd, bytes, 0, bytes.length, position)), (n) =>
      n === bytes.length ? Effect.void : write(fd, bytes.subarray(n), position === null ? null : position + n)
    )
  const readRest = Effect.fnUntraced(function* (fd: number) {
    const pieces: Array<Uint8Array> = []
    for (;;) {
      const piece = yield* read(fd, pieceBytes, null)
      if (piece.length === 0) return Buffer.concat(pieces) as Uint8Array
      pieces.push(piece)
    }
  })
  return {
    open,
    close,
    read,
    write,
    fsync: (fd) => call("fsync", nameOf(fd), "fsync", fd),
    truncate: (fd, bytes) => call("truncate", nameOf(fd), "ftruncate", fd, bytes),
    fstat: (fd) => Effect.map(call<fs.BigIntStats>("fstat", nameOf(fd), "fstat", fd, bigint), statOf),
    stat,
    lstat: (path) => Effect.map(call<fs.BigIntStats>("lstat", path, "lstat", raw(path), bigint), statOf),
    readFile: (path) =>
      scratch === undefined
        ? Effect.acquireUseRelease(open(path, "read"), readRest, (fd) => Effect.ignore(close(fd)))
        : Effect.mapError(patiently(call("open", path, "readFile", raw(path))), duringRead),
    list: (directory) =>
      Effect.map(
        call<ReadonlyArray<Buffer>>("list", directory, "readdir", raw(directory), { encoding: "buffer" }),
        (names) => names.map((name) => fromChunk(name))
      ),
    link: (from, to) => call("link", to, "link", raw(from), raw(to)),
    symlink: (target, path) => call("symlink", path, "symlink", raw(target), raw(path)),
    rename: (from, to) => call("rename", to, "rename", raw(from), raw(to)),
    unlink: (path) => call("unlink", path, "unlink", raw(path)),
    mkdir: (path, mode) => call("mkdir", path, "mkdir", raw(path), mode),
    chmod: (path, mode) => call("chmod", path, "chmod", raw(path), mode),
    chown: (path, uid, gid) => call("chown", path, "chown", raw(path), uid, gid),
    fchmod: (fd, mode) => call("chmod", nameOf(fd), "fchmod", fd, mode),
    fchown: (fd, uid, gid) => call("chown", nameOf(fd), "fchown", fd, uid, gid),
    utimes: (path, atime, mtime) => call("utimes", path, "utimes", raw(path), atime, mtime)
  }
}

const syncDirectoryWith = (files: Omit<FileCalls, "syncDirectory">) => (directory: ByteString) =>
  Effect.acquireUseRelease(files.open(directory, "read"), files.fsync, (fd) => Effect.ignore(files.close(fd)))

/**
 * One fsync answers for all who asked before it began; who asks while it runs waits for the next one. `before`: what
 * is waited for first, so that others may ask too.
 */
const coalesced = (
  sync: (directory: ByteString) => Effect.Effect<void, FilesError>,
  before: Effect.Effect<void>
): FileCalls["syncDirectory"] => {
  type Resume = (effect: Effect.Effect<void, FilesError>) => void
  const waiting = new Map<ByteString, Array<Resume>>()
  const run = (directory: ByteString): void => {
    let answered: ReadonlyArray<Resume> = []
    const all = Effect.suspend(() => {
      answered = waiting.get(directory)!
      waiting.set(directory, [])
      return sync(directory)
    })
    Effect.runCallback(Effect.andThen(before, all), {
      onExit: (exit) => {
        for (const resume of answered) resume(exit)
        if (waiting.get(directory)!.length === 0) waiting.delete(directory)
        else run(directory)
      }
    })
  }
  return (directory) =>
    Effect.callback<void, FilesError>((resume) => {
      const others = waiting.get(directory)
      if (others !== undefined) {
        others.push(resume)
        return
      }
      waiting.set(directory, [resume])
      run(directory)
    })
}

const pauseMillis = 5
const sync = make(
  callSync,
  Effect.sync(() => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMillis)),
  new Uint8Array(pieceBytes)
)
const asynchronous = make(callAsync, Effect.sleep(pauseMillis), undefined)
const mixed = { ...sync, fsync: asynchronous.fsync }

export class Files extends Context.Service<Files, FileCalls>()("thresher/shell/Files") {
  /** Calls block the process: for programs that have one job. */
  static readonly layerSync: Layer.Layer<Files> = Layer.succeed(Files, {
    ...sync,
    syncDirectory: syncDirectoryWith(sync)
  })

  /** Calls run in the thread pool; directory fsyncs are coalesced. */
  static readonly layer: Layer.Layer<Files> = Layer.succeed(Files, {
    ...asynchronous,
    syncDirectory: coalesced(syncDirectoryWith(asynchronous), Effect.void)
  })

  /** Calls block, but for fsyncs; those who want the same directory synced in one turn share one: for disk threads. */
  static readonly layerThread: Layer.Layer<Files> = Layer.succeed(Files, {
    ...mixed,
    syncDirectory: coalesced(syncDirectoryWith(mixed), Effect.yieldNow)
  })
}
