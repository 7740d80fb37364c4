/**
 * Moves messages between queues. A queue may not be copied, because every message is named by an inode number: here
 * each one is born again in the other queue, with its text, its marks, its failures and its times.
 *
 * An exported message is a directory with the files of the queue by their names and `times`; `complete` comes last.
 */
import * as Effect from "effect/Effect"
import { type ByteString, fromChunk, toChunk } from "../../core/Bytes.ts"
import * as MessageNumber from "../../core/queue/MessageNumber.ts"
import { type FileCalls, Files, type FilesError, orIfAbsent } from "../platform/Files.ts"
import { Identity } from "../platform/Identity.ts"
import { type QueueCalls, QueueStore } from "../queue/QueueStore.ts"

/** Copies one message into a new directory. The queue must be stopped. Safe on disk when it returns. */
export const exportMessage = Effect.fn("QueueTransport.exportMessage")(function* (
  id: MessageNumber.MessageNumber,
  into: ByteString
) {
  const files = yield* Files
  const store = yield* QueueStore
  yield* files.mkdir(into, 0o700)
  let times = ""
  for (const [name, path] of filesOf(id, store.split)) {
    const from = store.path(path)
    const stat = yield* orIfAbsent(files.stat(from), () => undefined)
    if (stat === undefined) continue
    yield* copy(files, from, `${into}/${name}`, 0o600)
    times += `${name} ${Math.floor(stat.mtime)}\n`
  }
  yield* write(files, `${into}/times`, times)
  yield* files.syncDirectory(into)
  yield* write(files, `${into}/complete`, "")
  yield* files.syncDirectory(into)
})

/**
 * Queues an exported message under a new number, which it answers with; undefined if the directory is not complete.
 * The queue must be stopped. What makes the message live comes last, by a link: a crash leaves nothing or all of it.
 */
export const importMessage = Effect.fn("QueueTransport.importMessage")(function* (from: ByteString) {
  const files = yield* Files
  const store = yield* QueueStore
  const { pid } = yield* Identity
  const isComplete = yield* orIfAbsent(Effect.as(files.stat(`${from}/complete`), true), () => false)
  if (!isComplete) return undefined
  const times = parseTimes(fromChunk(yield* files.readFile(`${from}/times`)))
  const live = times.has("todo") ? "todo" : "info"
  const liveTime = times.get(live)
  if (liveTime === undefined) return undefined
  const name = `${pid}.import.${from.slice(from.lastIndexOf("/") + 1)}`

  const { fd, id } = yield* store.createName(name)
  yield* store.linkMessage(name, id)
  yield* store.removeName(name)
  yield* Effect.ensuring(
    Effect.andThen(pour(files, `${from}/mess`, fd), files.fsync(fd)),
    Effect.ignore(files.close(fd))
  )
  yield* store.adopt(store.path(MessageNumber.mess(id, store.split)))
  const wanted = filesOf(id, store.split)
  // Whatever an earlier message of this number may have left.
  for (const [other, path] of wanted)
    if (other !== "mess") yield* orIfAbsent(files.unlink(store.path(path)), () => undefined)
  for (const [other, path] of wanted) {
    const time = times.get(other)
    if (time === undefined || other === "mess" || other === live || (live === "todo" && other !== "intd")) continue
    yield* copy(files, `${from}/${other}`, store.path(path), modeOf(path))
    yield* store.adopt(store.path(path))
    yield* files.utimes(store.path(path), time, time)
  }
  yield* syncAll(
    files,
    store,
    wanted.map(([, path]) => path)
  )
  yield* begin(files, store, `${from}/${live}`, name, wanted.find(([other]) => other === live)![1], liveTime)
  return id
})

/** The one act that makes it a queued message. */
const begin = Effect.fnUntraced(function* (
  files: FileCalls,
  store: QueueCalls,
  from: ByteString,
  name: ByteString,
  path: string,
  time: number
) {
  const unborn = store.path(`pid/${name}`)
  yield* copy(files, from, unborn, modeOf(path))
  yield* files.utimes(unborn, time, time)
  yield* files.link(unborn, store.path(path))
  yield* store.adopt(store.path(path))
  yield* syncAll(files, store, [path])
  yield* files.unlink(unborn)
})

/** The spawners read texts, and qmail-send envelopes, of another user. */
const modeOf = (path: string): number => (/^(intd|todo)/.test(path) ? 0o644 : 0o600)

/** In the order in which a message is made; bounce, local and remote before info, intd before todo. */
const filesOf = (id: MessageNumber.MessageNumber, split: number): ReadonlyArray<readonly [string, string]> => [
  ["mess", MessageNumber.mess(id, split)],
  ["intd", MessageNumber.intd(id)],
  ["bounce", MessageNumber.bounce(id)],
  ["local", MessageNumber.channelFile("local", id, split)],
  ["remote", MessageNumber.channelFile("remote", id, split)],
  ["info", MessageNumber.info(id, split)],
  ["todo", MessageNumber.todo(id)]
]

const parseTimes = (content: ByteString): ReadonlyMap<string, number> =>
  new Map(
    content.split("\n").flatMap((line) => {
      const [name, time] = line.split(" ")
      return time === undefined ? [] : [[name!, Number(time)]]
    })
  )

const syncAll = Effect.fnUntraced(function* (files: FileCalls, store: QueueCalls, paths: ReadonlyArray<string>) {
  for (const directory of new Set(paths.map((path) => path.slice(0, path.lastIndexOf("/")))))
    yield* files.syncDirectory(store.path(directory))
})

const copy = (files: FileCalls, from: ByteString, to: ByteString, mode: number): Effect.Effect<void, FilesError> =>
  Effect.acquireUseRelease(
    files.open(to, "create", mode),
    (fd) => Effect.andThen(pour(files, from, fd), files.fsync(fd)),
    (fd) => Effect.ignore(files.close(fd))
  )

const write = (files: FileCalls, path: ByteString, text: ByteString): Effect.Effect<void, FilesError> =>
  Effect.acquireUseRelease(
    files.open(path, "create", 0o600),
    (fd) => Effect.andThen(files.write(fd, toChunk(text)), files.fsync(fd)),
    (fd) => Effect.ignore(files.close(fd))
  )

const pour = (files: FileCalls, from: ByteString, to: number): Effect.Effect<void, FilesError> =>
  Effect.acquireUseRelease(
    files.open(from, "read"),
    Effect.fnUntraced(function* (fd: number) {
      for (;;) {
        const piece = yield* files.read(fd, pieceBytes, null)
        if (piece.length === 0) return
        yield* files.write(to, piece)
      }
    }),
    (fd) => Effect.ignore(files.close(fd))
  )

const pieceBytes = 65536
