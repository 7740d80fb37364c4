/** Makes the directories and files of a layout, as far as they are missing, with their owners and modes. */
import * as Effect from "effect/Effect"
import { type ByteString, toChunk } from "../core/Bytes.ts"
import type { Entry } from "../core/control/Layout.ts"
import { exitTemporary, systemText } from "../core/Outcome.ts"
import { Files, type FilesError, type FileStat, orIfAbsent } from "./Files.ts"
import { Fatal } from "./Main.ts"
import { Processes } from "./Processes.ts"

export interface Ids {
  readonly uid: number
  readonly gid: number
}

export const fatal = (text: ByteString): Fatal => new Fatal({ exitCode: exitTemporary, text })

/** `unable to <verb> <path>: <system text>` */
export const explain = ({ errno, operation, path }: FilesError): Fatal =>
  fatal(`unable to ${operation} ${path}: ${systemText(errno)}`)

/** Whoever `idsOf` gives, unless it is so already; undefined leaves the owner alone. */
export const make = Effect.fnUntraced(function* (
  home: ByteString,
  entries: ReadonlyArray<Entry>,
  idsOf: (entry: Entry) => Ids | undefined
) {
  const files = yield* Files
  const changed = new Set<ByteString>()
  for (const entry of entries) {
    const path = entry.path === "" ? home : `${home}/${entry.path}`
    const before = yield* Effect.mapError(
      orIfAbsent(
        Effect.map(files.lstat(path), (stat): FileStat | undefined => stat),
        () => undefined
      ),
      explain
    )
    if (before === undefined) changed.add(parentOf(path))
    const there = before ?? (yield* create(path, entry))
    // `bin` of a home with one owner may be a link to the programs of a working copy.
    if (before !== undefined && before.kind === "symlink" && entry.kind === "directory") continue
    if (there.kind !== entry.kind) return yield* fatal(`unable to use ${path}: it is no ${entry.kind}`)
    yield* dress(path, there, entry.mode, idsOf(entry))
  }
  for (const directory of changed) yield* Effect.mapError(files.syncDirectory(directory), explain)
})

/** Owner first: chown takes the set-id bits away. */
export const dress = Effect.fnUntraced(function* (
  path: ByteString,
  stat: FileStat,
  mode: number,
  ids: Ids | undefined
) {
  const files = yield* Files
  const isHis = ids === undefined || (ids.uid === stat.uid && ids.gid === stat.gid)
  if (!isHis) yield* Effect.mapError(files.chown(path, ids.uid, ids.gid), explain)
  if (!isHis || stat.mode !== mode) yield* Effect.mapError(files.chmod(path, mode), explain)
})

const create = Effect.fnUntraced(function* (path: ByteString, entry: Entry) {
  const files = yield* Files
  switch (entry.kind) {
    case "directory":
      yield* Effect.mapError(files.mkdir(path, entry.mode), explain)
      break
    case "file":
      yield* putFile(path, new Uint8Array(entry.bytes), entry.mode)
      break
    case "fifo":
      yield* makeFifo(path)
      break
  }
  return yield* Effect.mapError(files.lstat(path), explain)
})

/** With all that are missing above it. */
export const makeDirectories: (path: ByteString, mode: number) => Effect.Effect<void, Fatal, Files> = Effect.fnUntraced(
  function* (path: ByteString, mode: number) {
    const files = yield* Files
    const attempt = files.mkdir(path, mode)
    yield* attempt.pipe(
      Effect.catchIf(
        ({ errno }) => errno === "ENOENT" && parentOf(path) !== path,
        () => Effect.andThen(makeDirectories(parentOf(path), 0o755), attempt)
      ),
      Effect.catchIf(
        (error) => error._tag === "FilesError" && error.errno === "EEXIST",
        () => Effect.void
      ),
      Effect.andThen(files.syncDirectory(parentOf(path))),
      Effect.mapError((error) => (error._tag === "FilesError" ? explain(error) : error))
    )
  }
)

/** Whole and on disk before it has its name; an existing file is replaced. */
export const putFile = Effect.fnUntraced(
  function* (path: ByteString, content: Uint8Array, mode: number) {
    const files = yield* Files
    const fresh = `${path}.new`
    yield* Effect.acquireUseRelease(
      files.open(fresh, "replace", mode),
      (fd) => files.write(fd, content).pipe(Effect.andThen(files.chmod(fresh, mode)), Effect.andThen(files.fsync(fd))),
      (fd) => Effect.ignore(files.close(fd))
    )
    yield* files.rename(fresh, path)
    yield* files.syncDirectory(parentOf(path))
  },
  Effect.mapError((error) => explain(error))
)

/** Leaves what is there alone. */
export const putIfAbsent = Effect.fnUntraced(function* (path: ByteString, content: ByteString, mode: number) {
  const files = yield* Files
  const isThere = yield* Effect.mapError(
    orIfAbsent(Effect.as(files.lstat(path), true), () => false),
    explain
  )
  if (!isThere) yield* putFile(path, toChunk(content), mode)
})

/** Node makes no FIFOs. */
const makeFifo = Effect.fnUntraced(
  function* (path: ByteString) {
    const child = yield* (yield* Processes).spawn({
      program: "mkfifo",
      arguments: ["--", path],
      environment: { PATH: "/usr/bin:/bin:/usr/local/bin" },
      descriptors: ["ignore", "ignore", "ignore"]
    })
    const ending = yield* child.ending
    if (ending._tag === "Killed" || ending.exitCode !== 0) return yield* fatal(`unable to make the FIFO ${path}`)
  },
  Effect.catchTag("ProcessesError", ({ errno }) => Effect.fail(fatal(`unable to run mkfifo: ${systemText(errno)}`)))
)

const parentOf = (path: ByteString): ByteString => path.slice(0, path.lastIndexOf("/")) || "/"
