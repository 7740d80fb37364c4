/** The way to a running server: files in lock/request/, in which it is asked, answers, and finds what it is to log. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type ByteString, fromChunk, toChunk } from "../core/Bytes.ts"
import * as QueueRequest from "../core/queue/QueueRequest.ts"
import { type FileCalls, Files, orIfAbsent } from "./Files.ts"
import { Identity } from "./Identity.ts"
import { QueueStore } from "./QueueStore.ts"
import { QueueTrigger } from "./QueueTrigger.ts"

/** Leaves the request where the server finds it, wakes the server, and waits for the answer; not for ever. */
export const ask = Effect.fnUntraced(function* (request: QueueRequest.QueueRequest) {
  const files = yield* Files
  const trigger = yield* QueueTrigger
  const { directory, name } = yield* ownName
  yield* place(files, directory, name, QueueRequest.format(request))
  yield* trigger.pull()
  const answer = `${directory}/${QueueRequest.answerOf(name)}`
  const answered = Effect.gen(function* () {
    const content = yield* orIfAbsent(files.readFile(answer), () => undefined)
    if (content === undefined) return undefined
    yield* files.unlink(answer)
    return QueueRequest.parseAnswer(fromChunk(content))
  })
  for (
    let waited = 0, pause = 2;
    waited < patienceMillis;
    waited += pause, pause = Math.min(2 * pause, pauseMillisMax)
  ) {
    const outcomes = yield* answered
    if (outcomes !== undefined) return outcomes
    yield* Effect.sleep(pause)
  }
  yield* orIfAbsent(files.unlink(`${directory}/${name}`), () => undefined)
  return yield* answered
})

/** A name below the directory of requests, which is made if it is not there. Only the sender reads and answers them. */
const ownName = Effect.gen(function* () {
  const files = yield* Files
  const store = yield* QueueStore
  const { pid } = yield* Identity
  const directory = store.path(QueueRequest.directory)
  const { gid, uid } = yield* files.stat(store.path("lock/sendmutex"))
  const made = yield* Effect.result(files.mkdir(directory, 0o700))
  if (Result.isFailure(made) && made.failure.errno !== "EEXIST") return yield* made.failure
  if (Result.isSuccess(made) && (yield* files.stat(directory)).uid !== uid) yield* files.chown(directory, uid, gid)
  return { directory, name: `${yield* Clock.currentTimeMillis}.${pid}` }
})

/** Leaves lines for the log of the next server. */
export const note = Effect.fnUntraced(function* (lines: ReadonlyArray<ByteString>) {
  if (lines.length === 0) return
  const { directory, name } = yield* ownName
  yield* place(yield* Files, directory, QueueRequest.noteOf(name), lines.map((line) => `${line}\n`).join(""))
})

/** Whole and on disk, or not there under its name. */
const place = Effect.fnUntraced(function* (
  files: FileCalls,
  directory: ByteString,
  name: ByteString,
  text: ByteString
) {
  yield* Effect.acquireUseRelease(
    files.open(`${directory}/.${name}`, "create", 0o644),
    (fd) => Effect.andThen(files.write(fd, toChunk(text)), files.fsync(fd)),
    (fd) => Effect.ignore(files.close(fd))
  )
  yield* files.rename(`${directory}/.${name}`, `${directory}/${name}`)
  yield* files.syncDirectory(directory)
})

export interface Pending {
  readonly name: ByteString
  /** A request that cannot be understood is answered with no outcome at all. */
  readonly request: Result.Result<QueueRequest.QueueRequest, ByteString>
}

/** For the server: what waits to be done, oldest first. A look at a directory that is not there costs one call. */
export const pending = Effect.gen(function* () {
  const files = yield* Files
  const directory = (yield* QueueStore).path(QueueRequest.directory)
  const names = yield* orIfAbsent(files.list(directory), () => [])
  const found: Array<Pending> = []
  for (const name of names.filter(QueueRequest.isRequest).toSorted()) {
    // Whoever grew tired of waiting takes his request away.
    const content = yield* orIfAbsent(files.readFile(`${directory}/${name}`), () => undefined)
    if (content !== undefined) found.push({ name, request: QueueRequest.parse(fromChunk(content)) })
  }
  return found
})

/** For the server: what was done while none ran. To read the lines is to take them away. */
export const takeNotes = Effect.gen(function* () {
  const files = yield* Files
  const directory = (yield* QueueStore).path(QueueRequest.directory)
  const names = (yield* orIfAbsent(files.list(directory), () => [])).filter(QueueRequest.isNote).toSorted()
  const contents = yield* Effect.forEach(names, (name) =>
    Effect.tap(files.readFile(`${directory}/${name}`), () => files.unlink(`${directory}/${name}`))
  )
  return contents.flatMap((content) => fromChunk(content).split("\n").slice(0, -1))
})

/** For the server: says what became of it. */
export const answer = Effect.fnUntraced(function* (name: ByteString, outcomes: ReadonlyArray<QueueRequest.Outcome>) {
  const files = yield* Files
  const directory = (yield* QueueStore).path(QueueRequest.directory)
  yield* place(files, directory, QueueRequest.answerOf(name), QueueRequest.formatAnswer(outcomes))
  yield* files.unlink(`${directory}/${name}`)
})

const pauseMillisMax = 50
const patienceMillis = 30_000
