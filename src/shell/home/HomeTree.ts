/** Makes the directories and files of a layout, as far as they are missing, with their owners and modes. */
import * as Effect from "effect/Effect"
import { type ByteString, fromChunk, toChunk } from "../../core/Bytes.ts"
import { type Entry, modeOf } from "../../core/home/Layout.ts"
import * as LayoutLink from "../../core/home/LayoutLink.ts"
import { exitTemporary, systemText } from "../../core/Outcome.ts"
import { Files, type FilesError, type FileStat, orIfAbsent } from "../platform/Files.ts"
import { Fatal } from "../platform/Main.ts"
import { Processes } from "../platform/Processes.ts"

export interface Ids {
  readonly uid: number
  readonly gid: number
}

export const fatal = (text: ByteString): Fatal => new Fatal({ exitCode: exitTemporary, text })

/** `unable to <verb> <path>: <system text>` */
export const explain = ({ errno, operation, path }: FilesError): Fatal =>
  fatal(`unable to ${operation} ${path}: ${systemText(errno)}`)

/** The same for what is known by another name: an open descriptor, a file that is written beside its place. */
export const explainAs =
  (name: ByteString, verb?: string) =>
  ({ errno, operation }: FilesError): Fatal =>
    fatal(`unable to ${verb ?? operation} ${name}: ${systemText(errno)}`)

/**
 * Each entry goes to the owner that `idsOf` names, unless it is so already; undefined leaves the owner alone. `what`: all
 * entries get their mode, or only those that were missing.
 */
export const make = Effect.fnUntraced(function* (
  home: ByteString,
  entries: ReadonlyArray<Entry>,
  idsOf: (entry: Entry) => Ids | undefined,
  what: "all" | "missing" = "all"
) {
  const files = yield* Files
  const changed = new Set<ByteString>()
  const links = yield* linksIn(home, entries)
  for (const entry of entries) {
    const path = entry.path === "" ? home : `${home}/${entry.path}`
    const before = yield* Effect.mapError(
      orIfAbsent(
        Effect.map(files.lstat(path), (stat): FileStat | undefined => stat),
        () => undefined
      ),
      explainAs(path, "stat")
    )
    if (before === undefined) changed.add(parentOf(path))
    const there = before ?? (yield* create(path, entry))
    const ids = idsOf(entry)
    if (there.kind === "symlink" && entry.kind === "directory") {
      // A queue on another disk. But `bin` of one's own home may be a link to the programs of a working copy.
      if (ids !== undefined) yield* dressEntry(home, entry, ids, links)
      continue
    }
    if (there.kind !== entry.kind) return yield* fatal(`unable to use ${path}: it is no ${entry.kind}`)
    if (ids !== undefined) yield* dressOpened(path, entry, ids, "readNoFollow")
    else if (there.mode !== entry.mode && (what === "all" || before === undefined))
      yield* Effect.mapError(files.chmod(path, entry.mode), explain)
  }
  for (const directory of changed) yield* Effect.mapError(files.syncDirectory(directory), explain)
})

/** A directory of the home that is a link, as it was before anything was given away. */
interface Link {
  readonly linkUid: number
  readonly parent: FileStat
  readonly target: FileStat
  readonly homeOwner: number
}

/** By the path of the entry. */
export const linksIn = Effect.fnUntraced(function* (home: ByteString, entries: ReadonlyArray<Entry>) {
  const links = new Map<ByteString, Link>()
  for (const entry of entries) {
    const link = entry.kind === "directory" && entry.path !== "" ? yield* linkAt(home, entry) : undefined
    if (link !== undefined) links.set(entry.path, link)
  }
  return links
})

/** Undefined: there is no link. */
const linkAt = Effect.fnUntraced(
  function* (home: ByteString, entry: Entry) {
    const files = yield* Files
    const path = pathIn(home, entry)
    const { kind, uid: linkUid } = yield* files.lstat(path)
    if (kind !== "symlink") return undefined
    const { uid: homeOwner } = yield* files.stat(home)
    return { linkUid, parent: yield* files.stat(parentOf(path)), target: yield* files.stat(path), homeOwner } as Link
  },
  Effect.orElseSucceed(() => undefined)
)

/** Why a link in the place of a directory does not count; undefined: there is none, or it does. */
export const linkObjection = (home: ByteString, entry: Entry, owner: number | undefined) =>
  Effect.map(linksIn(home, [entry]), (links) => {
    const link = links.get(entry.path)
    return link && LayoutLink.objection({ ...link, owner })
  })

/**
 * Owner and mode of a part of a home, also of a directory that lies elsewhere and is a link here: if it leads by now to
 * another place than when it was judged, it is not followed. `name`: what to call it in messages.
 */
export const dressEntry = Effect.fnUntraced(function* (
  home: ByteString,
  entry: Entry,
  ids: Ids | undefined,
  links: ReadonlyMap<ByteString, Link>,
  name = pathIn(home, entry)
) {
  const link = links.get(entry.path)
  const path = pathIn(home, entry)
  if (link === undefined) return yield* dressOpened(path, entry, ids, entry.path === "" ? "read" : "readNoFollow", name)
  const objection = LayoutLink.objection({ ...link, owner: ids === undefined ? link.homeOwner : ids.uid })
  if (objection !== undefined) return yield* fatal(`unable to use ${name}: ${objection}`)
  const isSame = ({ device, inode }: FileStat) => device === link.target.device && inode === link.target.inode
  yield* dressOpened(path, entry, ids, "read", name, isSame)
})

const pathIn = (home: ByteString, { path }: Entry): ByteString => (path === "" ? home : `${home}/${path}`)

/**
 * Owner and mode of what is there, whatever it is called in messages. Much of a home belongs to others than root, who
 * could put a link in the place of a file: so what is changed is what was opened and looked at.
 */
export const dressOpened = Effect.fnUntraced(function* (
  path: ByteString,
  entry: Entry,
  ids: Ids | undefined,
  how: "read" | "readNoFollow",
  name = path,
  isMeant: (stat: FileStat) => boolean = () => true
) {
  const files = yield* Files
  yield* Effect.acquireUseRelease(
    files
      .open(path, how)
      .pipe(
        Effect.mapError((error) =>
          error.errno === "ELOOP" ? fatal(`unable to open ${name}: it is a symbolic link`) : explainAs(name)(error)
        )
      ),
    Effect.fnUntraced(function* (fd) {
      const stat = yield* Effect.mapError(files.fstat(fd), explainAs(name))
      if (!isMeant(stat)) return yield* fatal(`unable to use ${name}: it is another directory by now`)
      if (stat.kind !== entry.kind) return yield* fatal(`unable to use ${name}: it is no ${entry.kind}`)
      const isScript = entry.compiledMode !== undefined && (yield* beginsAsScript(fd))
      yield* Effect.mapError(dress(fd, stat, modeOf(entry, isScript), ids), explainAs(name))
    }),
    (fd) => Effect.ignore(files.close(fd))
  )
})

/** Owner first: chown takes the set-id bits away. */
const dress = Effect.fnUntraced(function* (fd: number, stat: FileStat, mode: number, ids: Ids | undefined) {
  const files = yield* Files
  const isHis = ids === undefined || (ids.uid === stat.uid && ids.gid === stat.gid)
  if (!isHis) yield* files.fchown(fd, ids.uid, ids.gid)
  if (!isHis || stat.mode !== mode) yield* files.fchmod(fd, mode)
})

const beginsAsScript = (fd: number) =>
  Effect.flatMap(Files, (files) => files.read(fd, 2, 0)).pipe(
    Effect.map((bytes) => fromChunk(bytes) === "#!"),
    Effect.orElseSucceed(() => false)
  )

/** A part of a home as it is, links followed; undefined: there is none. */
export const look = Effect.fnUntraced(function* (home: ByteString, { compiledMode, path }: Entry) {
  const files = yield* Files
  const file = path === "" ? home : `${home}/${path}`
  const stat = yield* orIfAbsent(
    Effect.map(files.stat(file), (found): FileStat | undefined => found),
    () => undefined
  )
  return stat && { ...stat, isScript: compiledMode !== undefined && stat.kind === "file" && (yield* isScript(file)) }
})

/** What may not be read is no script that runs. */
const isScript = Effect.fnUntraced(
  function* (path: ByteString) {
    const files = yield* Files
    return yield* Effect.acquireUseRelease(files.open(path, "readNonBlocking"), beginsAsScript, (fd) =>
      Effect.ignore(files.close(fd))
    )
  },
  Effect.orElseSucceed(() => false)
)

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
    if (ending._tag === "Killed" || ending.exitCode !== 0)
      return yield* fatal(`unable to mkfifo ${path}: mkfifo(1) could not`)
  },
  Effect.catchTag("ProcessesError", ({ errno }) => Effect.fail(fatal(`unable to run mkfifo: ${systemText(errno)}`)))
)

const parentOf = (path: ByteString): ByteString => path.slice(0, path.lastIndexOf("/")) || "/"
