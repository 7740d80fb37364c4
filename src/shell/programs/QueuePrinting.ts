/** qmail-qread and qmail-qstat: what is in the queue, read while it changes under the reader. */
import * as Effect from "effect/Effect"
import { type ByteString, fromChunk, toChunk } from "../../core/Bytes.ts"
import { type ExitCode, exitSuccess, exitTemporary, systemText } from "../../core/Outcome.ts"
import * as MessageNumber from "../../core/queue/MessageNumber.ts"
import * as QueueListing from "../../core/queue/QueueListing.ts"
import { channels } from "../../core/route/Channel.ts"
import { type FileCalls, Files, type FilesError, orIfAbsent } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"

/** Where both look, or where they give up. */
const inQueue = Effect.gen(function* () {
  const files = yield* Files
  const { path, record } = yield* Home
  const queue = `${path}/queue`
  yield* Effect.catch(Effect.asVoid(files.stat(`${queue}/.`)), giveUp(files, "chdir", ""))
  return { files, queue, split: record.split }
})

/** Prints every message that is preprocessed, with its recipients. */
export const read = Effect.gen(function* () {
  const { files, queue, split } = yield* inQueue
  yield* Effect.catch(Effect.asVoid(files.list(`${queue}/info`)), giveUp(files, "opendir", " info"))
  for (let i = 0; i < split; i++) {
    const names = yield* Effect.catch(files.list(`${queue}/info/${i}`), giveUp(files, "opendir", ` info/${i}`))
    for (const id of names.filter(MessageNumber.isMessageNumber))
      yield* print(files, yield* describe(files, queue, id, split))
  }
  return exitSuccess
}).pipe(orEarlier)

const describe = Effect.fnUntraced(function* (files: FileCalls, queue: ByteString, id: string, split: number) {
  const facts = yield* Effect.result(messageFacts(files, queue, id, split))
  if (facts._tag === "Failure") return QueueListing.trouble(id, facts.failure.errno)
  let text = QueueListing.message(facts.success)
  for (const channel of channels)
    text += yield* files.readFile(`${queue}/${MessageNumber.channelFile(channel, id, split)}`).pipe(
      Effect.map((content) => QueueListing.recipients(channel, fromChunk(content))),
      (read) => orIfAbsent(read, () => ""),
      Effect.catch(({ errno }) => Effect.succeed(QueueListing.trouble(id, errno)))
    )
  return text
})

const messageFacts = Effect.fnUntraced(function* (files: FileCalls, queue: ByteString, id: string, split: number) {
  const { bytes } = yield* files.stat(`${queue}/${MessageNumber.mess(id, split)}`)
  const isBouncing = yield* Effect.isSuccess(files.stat(`${queue}/${MessageNumber.bounce(id)}`))
  const infoFile = `${queue}/${MessageNumber.info(id, split)}`
  const info = fromChunk(yield* files.readFile(infoFile))
  const { mtime } = yield* files.stat(infoFile)
  return { id, bytes, birth: Math.floor(mtime), info, isBouncing }
})

/** Prints how many messages there are. Counts files, whatever their names, as the original's find does. */
export const count = Effect.gen(function* () {
  const { files, queue } = yield* inQueue
  const entriesOf = (directory: string) =>
    Effect.catch(files.list(`${queue}/${directory}`), giveUp(files, "opendir", ` ${directory}`))
  let messages = 0
  for (const subdirectory of yield* entriesOf("mess")) messages += (yield* entriesOf(`mess/${subdirectory}`)).length
  yield* print(files, QueueListing.totals(messages, (yield* entriesOf("todo")).length))
  return exitSuccess
}).pipe(orEarlier)

/** Said already; only the exit code is left to tell. */
interface GaveUp {
  readonly _tag: "GaveUp"
  readonly exitCode: ExitCode
}

function giveUp(files: FileCalls, verb: string, object: ByteString) {
  return (error: FilesError) =>
    Effect.andThen(
      print(files, `fatal: unable to ${verb}${object}: ${systemText(error.errno)}\n`),
      Effect.fail<GaveUp>({ _tag: "GaveUp", exitCode: exitTemporary })
    )
}

function orEarlier<R>(program: Effect.Effect<ExitCode, GaveUp, R>): Effect.Effect<ExitCode, never, R> {
  return Effect.catch(program, ({ exitCode }) => Effect.succeed(exitCode))
}

/** A reader that went away has seen enough. */
const print = (files: FileCalls, text: ByteString) => Effect.ignore(files.write(1, toChunk(text)))
