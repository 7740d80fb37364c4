/** What was done to a queue that nobody served, and why: files in lock/request/, for the log of the next server. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type ByteString, fromChunk, toChunk } from "../../core/Bytes.ts"
import * as QueueRequest from "../../core/admin/QueueRequest.ts"
import { Files, orIfAbsent } from "../platform/Files.ts"
import { Identity } from "../platform/Identity.ts"
import { QueueStore } from "../queue/QueueStore.ts"

/** Whole and on disk, or nothing is left of it. */
export const write = Effect.fnUntraced(function* (lines: ReadonlyArray<ByteString>) {
  if (lines.length === 0) return
  const files = yield* Files
  const { pid } = yield* Identity
  const directory = yield* ownDirectory
  const name = QueueRequest.noteOf(`${yield* Clock.currentTimeMillis}.${pid}`)
  const unfinished = `${directory}/.${name}`
  const text = lines.map((line) => `${line}\n`).join("")
  const written = Effect.acquireUseRelease(
    files.open(unfinished, "create", 0o644),
    (fd) => Effect.andThen(files.write(fd, toChunk(text)), files.fsync(fd)),
    (fd) => Effect.ignore(files.close(fd))
  )
  yield* Effect.andThen(written, files.rename(unfinished, `${directory}/${name}`)).pipe(
    Effect.tapError(() => Effect.ignore(files.unlink(unfinished)))
  )
  yield* files.syncDirectory(directory)
})

/** Only the sender reads and removes what is in it. */
const ownDirectory = Effect.gen(function* () {
  const files = yield* Files
  const store = yield* QueueStore
  const directory = store.path(QueueRequest.directory)
  const { gid, uid } = yield* files.stat(store.path("lock/sendmutex"))
  const made = yield* Effect.result(files.mkdir(directory, 0o700))
  if (Result.isFailure(made) && made.failure.errno !== "EEXIST") return yield* made.failure
  if (Result.isSuccess(made) && (yield* files.stat(directory)).uid !== uid) yield* files.chown(directory, uid, gid)
  return directory
})

/** For the server, at its start: to read the lines is to take them away. What else is there was left unfinished. */
export const take = Effect.gen(function* () {
  const files = yield* Files
  const directory = (yield* QueueStore).path(QueueRequest.directory)
  const names = (yield* orIfAbsent(files.list(directory), () => [])).toSorted()
  const lines: Array<ByteString> = []
  for (const name of names) {
    const file = `${directory}/${name}`
    if (QueueRequest.isNote(name)) {
      lines.push(
        ...fromChunk(yield* files.readFile(file))
          .split("\n")
          .slice(0, -1)
      )
      yield* files.unlink(file)
    } else yield* Effect.ignore(files.unlink(file))
  }
  return lines
})
