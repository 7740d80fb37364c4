/** qmail-clean: removes files of the queue at the request of qmail-send, which may not write there. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type ByteString, fromChunk, toChunk } from "../../core/Bytes.ts"
import { type ExitCode, exitPermanent, exitSuccess, exitTemporary } from "../../core/Outcome.ts"
import * as CleanRequest from "../../core/queue/CleanRequest.ts"
import * as QueueSweep from "../../core/queue/QueueSweep.ts"
import { type FileCalls, Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Fatal } from "../platform/Main.ts"
import { type QueueCalls, QueueStore } from "../queue/QueueStore.ts"

/** Requests on descriptor 0, answers on descriptor 1, until the requests end. */
export const serve: Effect.Effect<ExitCode, Fatal, Files | Home | QueueStore> = Effect.gen(function* () {
  const files = yield* Files
  const store = yield* QueueStore
  const { classic } = (yield* Home).record
  yield* Effect.mapError(files.stat(store.path(".")), () => new Fatal({ exitCode: exitTemporary, text: "" }))
  let commands = 0
  let rest: ByteString = ""
  yield* sweepNames(files, store)
  for (;;) {
    const piece = yield* Effect.orElseSucceed(files.read(0, pieceBytes, null), () => new Uint8Array(0))
    if (piece.length === 0) return exitSuccess
    const lines = (rest + fromChunk(piece)).split("\0")
    rest = lines.pop()!
    for (const line of lines) {
      const answer = yield* obey(store, CleanRequest.understand(line, classic))
      yield* Effect.mapError(files.write(1, toChunk(answer)), () => new Fatal({ exitCode: exitPermanent, text: "" }))
      if (++commands % CleanRequest.commandsPerSweep === 0) yield* sweepNames(files, store)
    }
  }
})

const obey = (store: QueueCalls, { complaints, request }: CleanRequest.Understood): Effect.Effect<ByteString> => {
  const odd = CleanRequest.answers.odd.repeat(complaints)
  return request === undefined
    ? Effect.succeed(odd)
    : Effect.match(store.clean(request), {
        onFailure: () => odd + CleanRequest.answers.failed,
        onSuccess: () => odd + CleanRequest.answers.done
      })
}

/** What nobody will ever finish. What cannot be looked at or removed is left for the next time. */
export const sweepNames = Effect.fnUntraced(function* (files: FileCalls, store: QueueCalls) {
  const directory = store.path("pid")
  const names = yield* Effect.orElseSucceed(files.list(directory), () => [])
  const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  for (const name of names) {
    const file = `${directory}/${name}`
    const stat = yield* Effect.orElseSucceed(files.stat(file), () => undefined)
    if (stat !== undefined && QueueSweep.isAbandonedName({ now, atime: stat.atime, mtime: stat.mtime }))
      yield* Effect.ignore(files.unlink(file))
  }
})

const pieceBytes = 4096
