/**
 * Copies files into a home, each replaced as a whole. A program of another origin is kept beside ours as
 * NAME.before-thresher, so that going back is a rename; one that is set-uid stays in its place.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type ByteString, concat, fromChunk, fromText, toChunk } from "../../core/Bytes.ts"
import * as InstalledHome from "../../core/home/InstalledHome.ts"
import * as Interpreter from "../../core/home/Interpreter.ts"
import * as Layout from "../../core/home/Layout.ts"
import { Files, type FilesError, type FileStat, orIfAbsent } from "../platform/Files.ts"
import * as HomeTree from "./HomeTree.ts"

/** Where things go, and what is said about them. */
export interface Place {
  /** What the programs are told: where the tree will stand. */
  readonly home: ByteString
  /** The root of the tree. */
  readonly to: ByteString
  /** Undefined: whoever has it already, else whoever runs this. */
  readonly idsOf: (entry: Layout.Entry) => HomeTree.Ids | undefined
  /** What to call one in messages. */
  readonly nameOf: (entry: Layout.Entry) => ByteString
}

export interface Gathered {
  readonly from: ByteString
  readonly contents: ReadonlyArray<readonly [Layout.Entry, Uint8Array]>
}

/** Everything is read before anything is written. `from`: the directory of built programs; the rest is found from there. */
export const gather = Effect.fn("HomeCopies.gather")(function* (
  from: ByteString,
  entries: ReadonlyArray<Layout.Entry>,
  isMissingFine: (entry: Layout.Entry) => boolean = () => false
) {
  const contents: Array<readonly [Layout.Entry, Uint8Array]> = []
  for (const entry of entries) {
    if (entry.from === undefined) continue
    const content = yield* read(from, entry)
    if (content !== undefined) contents.push([entry, content])
    else if (!isMissingFine(entry)) return yield* HomeTree.fatal(`unable to read ${nameIn(entry)}: file does not exist`)
  }
  return { from, contents } as Gathered
})

export interface Copied {
  readonly programs: number
  /** Programs of another origin. */
  readonly kept: ReadonlyArray<ByteString>
  /** There is a qmail-queue with the rights of its owner, which no script of ours can be. */
  readonly hasSetUid: boolean
}

export const put = Effect.fn("HomeCopies.put")(function* ({ contents, from }: Gathered, place: Place) {
  const { to } = place
  const kept: Array<ByteString> = []
  const hasSetUid = yield* isSetUid(`${to}/bin/qmail-queue`)
  const isInPlace = yield* Effect.mapError(isSame(`${to}/bin`, from), HomeTree.explain)
  let programs = 0
  for (const [entry, content] of contents) {
    if (entry.from?._tag !== "Program") {
      yield* replaceFile(place, entry, content)
      continue
    }
    // Our programs install themselves anew, and find there what others put between them.
    if (isInPlace && !isOurs(content)) continue
    // What the kernel gives no rights to must not take the place of what it does.
    const { name } = entry.from
    const target = hasSetUid && name === "qmail-queue" ? Layout.program("qmail-queue.thresher") : entry
    if (yield* keepForeign(place, target)) kept.push(name)
    yield* replaceFile(place, target, InstalledHome.written(withInterpreter(content), place.home))
    programs++
  }
  return { programs, kept, hasSetUid } as Copied
})

/**
 * `thresher init` links `bin` to the programs of a working copy: what lies there is not the home's. In a home of many
 * owners a link to any other place means what it says.
 */
export const isLinked = (home: ByteString, { owners }: Layout.Shape, from: ByteString) =>
  Effect.gen(function* () {
    const files = yield* Files
    const bin = yield* found(files.lstat(`${home}/bin`))
    return bin?.kind === "symlink" && (owners === "one" || (yield* isSame(`${home}/bin`, from)))
  }).pipe(Effect.mapError((error) => HomeTree.explain(error)))

export const endLink = Effect.fnUntraced(function* (home: ByteString, shape: Layout.Shape, from: ByteString) {
  const files = yield* Files
  if (yield* isLinked(home, shape, from)) yield* Effect.mapError(files.unlink(`${home}/bin`), HomeTree.explain)
})

const isSame = Effect.fnUntraced(function* (path: ByteString, other: ByteString) {
  const files = yield* Files
  const one = yield* found(files.stat(path))
  const two = yield* found(files.stat(other))
  return one !== undefined && two !== undefined && one.device === two.device && one.inode === two.inode
})

/** Undefined: it is nowhere. */
const read = Effect.fnUntraced(function* (from: ByteString, entry: Layout.Entry) {
  const source = entry.from!
  if (source._tag === "Text") return toChunk(source.content)
  const files = yield* Files
  for (const place of placesOf(from, entry, source.name)) {
    const content = yield* files.readFile(place).pipe(
      Effect.map((bytes): Uint8Array | undefined => bytes),
      (reading) => orIfAbsent(reading, () => undefined),
      Effect.mapError(HomeTree.explainAs(place, "read"))
    )
    if (content !== undefined) return content
  }
  return undefined
})

/** Where they are built, and where they are installed. The kernel follows a link to `from` before it goes up. */
const placesOf = (from: ByteString, { from: source, path }: Layout.Entry, name: ByteString): Array<ByteString> => {
  switch (source!._tag) {
    case "Manual":
      return [`${from}/../../docs/man/${name}`, `${from}/../${path}`]
    case "Document":
      return [`${from}/../../docs/${name}`, `${from}/../${path}`]
    default:
      return [`${from}/${name}`]
  }
}

const nameIn = ({ from, path }: Layout.Entry): ByteString =>
  from !== undefined && from._tag !== "Text" ? from.name : path

/** A program of another origin that runs with the rights of its owner: no script of ours can. */
const isSetUid = Effect.fnUntraced(function* (path: ByteString) {
  const files = yield* Files
  const found = yield* Effect.result(Effect.all([files.stat(path), files.readFile(path)]))
  if (Result.isFailure(found)) return false
  const [{ mode }, content] = found.success
  return (mode & 0o4000) !== 0 && !isOurs(content)
})

/** The first line names the node that runs this. */
const withInterpreter = (program: Uint8Array): Uint8Array => {
  const isScript = program[0] === 0x23 && program[1] === 0x21
  if (!isScript) return program
  const end = program.indexOf(0x0a)
  const leavesOut = Interpreter.leavesOut(fromChunk(program, 0, end))
  return concat([toChunk(Interpreter.line(fromText(process.execPath), leavesOut)), program.subarray(end)])
}

/** Where one of our programs works unless it is told another home; undefined: it is none of ours. */
export const homeOf = Effect.fnUntraced(function* (path: ByteString) {
  const files = yield* Files
  return yield* Effect.acquireUseRelease(
    files.open(path, "readNonBlocking"),
    (fd) =>
      Effect.map(files.read(fd, InstalledHome.bytesRead, 0), (start) =>
        isOurs(start) ? InstalledHome.read(start) : undefined
      ),
    (fd) => Effect.ignore(files.close(fd))
  )
})

/** Atomically: at no moment is there no file, or half of one. */
const replaceFile = Effect.fnUntraced(function* (
  { idsOf, nameOf, to }: Place,
  entry: Layout.Entry,
  content: Uint8Array
) {
  const files = yield* Files
  const path = `${to}/${entry.path}`
  const fresh = `${path}.new`
  const writing = Effect.mapError(HomeTree.explainAs(nameOf(entry), "write"))
  const before = yield* writing(found(files.lstat(path)))
  yield* writing(orIfAbsent(files.unlink(fresh), () => undefined))
  yield* writing(
    Effect.acquireUseRelease(
      files.open(fresh, "create", 0o600),
      (fd) => Effect.andThen(files.write(fd, content), files.fsync(fd)),
      (fd) => Effect.ignore(files.close(fd))
    )
  )
  yield* HomeTree.dressOpened(fresh, entry, idsOf(entry) ?? ownerOf(before), "readNoFollow", nameOf(entry))
  yield* writing(Effect.andThen(files.rename(fresh, path), files.syncDirectory(path.slice(0, path.lastIndexOf("/")))))
})

const ownerOf = (before: FileStat | undefined): HomeTree.Ids | undefined =>
  before?.kind === "file" ? { uid: before.uid, gid: before.gid } : undefined

const found = <A>(looking: Effect.Effect<A, FilesError>): Effect.Effect<A | undefined, FilesError> =>
  orIfAbsent(
    Effect.map(looking, (there): A | undefined => there),
    () => undefined
  )

/** Whether a program was there that is not ours; it is kept once. */
const keepForeign = Effect.fnUntraced(function* ({ nameOf, to }: Place, entry: Layout.Entry) {
  const files = yield* Files
  const path = `${to}/${entry.path}`
  return yield* found(files.readFile(path)).pipe(
    Effect.flatMap((content) =>
      content === undefined || isOurs(content)
        ? Effect.succeed(false)
        : Effect.as(keep(files.link(path, `${path}.before-thresher`)), true)
    ),
    Effect.mapError(HomeTree.explainAs(nameOf(entry), "keep"))
  )
})

const keep = (linking: Effect.Effect<void, FilesError>) =>
  Effect.catchIf(
    linking,
    ({ errno }) => errno === "EEXIST",
    () => Effect.void
  )

const isOurs = (content: Uint8Array): boolean =>
  Interpreter.isOurs(fromChunk(content, 0, Math.min(content.length, 255)))
