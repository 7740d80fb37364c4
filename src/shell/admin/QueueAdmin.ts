/**
 * The administrator's hand on the queue: looks at it at any time, and changes it himself while no server runs
 * (lock/sendmutex is free), or asks the one that does.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import * as BounceFile from "../../core/bounce/BounceFile.ts"
import type { CleanRequest } from "../../core/queue/CleanRequest.ts"
import * as ControlMap from "../../core/control/ControlMap.ts"
import { settings } from "../../core/control/Settings.ts"
import * as LogLines from "../../core/delivery/LogLines.ts"
import type { Errno } from "../../core/Outcome.ts"
import * as MessageNumber from "../../core/queue/MessageNumber.ts"
import * as QueueEdit from "../../core/admin/QueueEdit.ts"
import * as QueueQuery from "../../core/admin/QueueQuery.ts"
import * as QueueRequest from "../../core/admin/QueueRequest.ts"
import * as RecipientFile from "../../core/queue/RecipientFile.ts"
import * as RecipientRoute from "../../core/route/RecipientRoute.ts"
import * as AdminNotes from "./AdminNotes.ts"
import { AdminSocket } from "./AdminSocket.ts"
import { Controls } from "../home/Controls.ts"
import { type FileCalls, Files, FilesError, orIfAbsent } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Locks } from "../platform/Locks.ts"
import * as QueueReader from "../queue/QueueReader.ts"
import { type QueueCalls, QueueStore } from "../queue/QueueStore.ts"

const now = Effect.map(Clock.currentTimeMillis, (millis) => Math.floor(millis / 1000))

/** Gives every message that is meant to `visit`, one at a time. */
export const each = Effect.fnUntraced(function* <E, R>(
  query: QueueQuery.Query,
  visit: (selection: QueueQuery.Selection) => Effect.Effect<unknown, E, R>
) {
  const time = yield* now
  for (const id of query.ids ?? (yield* QueueReader.ids)) {
    const message = yield* QueueReader.read(id)
    const selection = message === undefined ? undefined : QueueQuery.select(query, message, time)
    if (selection !== undefined) yield* visit(selection)
  }
})

/** What a request about these messages says of them, and those that cannot be pointed at yet. */
export const targets = Effect.fnUntraced(function* (verb: QueueRequest.Verb, query: QueueQuery.Query) {
  const found: Array<QueueRequest.Target> = []
  const unsorted: Array<MessageNumber.MessageNumber> = []
  yield* each(query, (selection) =>
    Effect.sync(() => {
      const target = QueueEdit.aim(verb, selection)
      if (target === undefined) unsorted.push(selection.message.id)
      else found.push(target)
    })
  )
  return { targets: found, unsorted }
})

/** Does it here, or has it done. Undefined: there is a server, and it has not done it in time. */
export const perform = Effect.fn("QueueAdmin.perform")(function* (request: QueueRequest.QueueRequest) {
  const socket = yield* AdminSocket
  // A server that starts has the lock before it listens, and one that ends has it a moment longer.
  for (let round = 0; round < roundsMax; round++) {
    const here = yield* whileStopped(applyAndNote(request))
    if (Option.isSome(here)) return here.value
    const answer = yield* socket.ask(request)
    if (answer === "silent") return undefined
    // To have done nothing is to have understood nothing.
    if (answer !== "nobody") return answer.length > 0 ? answer : undefined
    yield* Effect.sleep(pauseMillis)
  }
  return undefined
})
const roundsMax = 20
const pauseMillis = 100

/** For whoever has the queue to himself: the reasons wait for the next log. */
export const applyAndNote = Effect.fnUntraced(function* (request: QueueRequest.QueueRequest) {
  const outcomes = yield* apply(request, yield* cleanHere)
  // Without a note it is done all the same.
  yield* Effect.ignore(AdminNotes.write(LogLines.steered(request, outcomes)))
  return outcomes
})

/** None: a server has the queue. */
export const whileStopped = Effect.fnUntraced(function* <A, E, R>(work: Effect.Effect<A, E, R>) {
  const files = yield* Files
  const locks = yield* Locks
  const store = yield* QueueStore
  const path = store.path("lock/sendmutex")
  const failed = (errno: Errno) => Effect.fail(new FilesError({ operation: "lock", path, errno }))
  return yield* Effect.acquireUseRelease(
    files.open(path, "write"),
    (fd) =>
      locks.whileLocked(fd, 0, (answer): Effect.Effect<Option.Option<A>, E | FilesError, R> => {
        switch (answer._tag) {
          case "Locked":
            return Effect.asSome(work)
          case "Busy":
            return Effect.succeedNone
          case "Refused":
            return failed("ENOLCK")
          case "Unavailable":
            return failed(answer.errno)
        }
      }),
    (fd) => Effect.ignore(files.close(fd))
  )
})

/** Does what qmail-clean does. Durable, where that matters, when it returns. */
export type Clean = (request: CleanRequest) => Effect.Effect<void, FilesError>

/**
 * Changes the files. Whoever calls this has the queue to himself, or, as the server itself, has seen to it that
 * nothing of these messages is on its way.
 */
export const apply = Effect.fn("QueueAdmin.apply")(function* (request: QueueRequest.QueueRequest, clean: Clean) {
  const time = yield* now
  const edit = yield* editor(request.reason, clean)
  const one = ({ id, recipients, written }: QueueRequest.Target) =>
    Effect.gen(function* () {
      const message = yield* QueueReader.read(id)
      const plan =
        message === undefined ? undefined : QueueEdit.plan({ ...request, written, places: recipients }, message, time)
      if (plan === undefined) return { _tag: "NotThere", id } as const
      for (const step of plan) yield* edit(id, step)
      return { _tag: "Done", id } as const
    }).pipe(Effect.catchTag("FilesError", ({ errno }) => Effect.succeed({ _tag: "Failed", id, errno } as const)))
  const { targets } = request
  const outcomes = Array.from<QueueRequest.Outcome>({ length: targets.length })
  yield* Effect.forEach(
    QueueRequest.byMessage(targets),
    (places) =>
      Effect.forEach(places, (place) => Effect.map(one(targets[place]!), (outcome) => (outcomes[place] = outcome)), {
        discard: true
      }),
    { concurrency: messagesAtOnce, discard: true }
  )
  return outcomes
})

/** They share fsyncs of directories. Each has at most two descriptors open. */
export const messagesAtOnce = 128

/** Of a queue that nobody serves: all files are ours to remove. */
const cleanHere = Effect.gen(function* () {
  const files = yield* Files
  const store = yield* QueueStore
  return (request: CleanRequest) => {
    const last =
      request._tag === "RemoveTodo" ? MessageNumber.todo(request.id) : MessageNumber.mess(request.id, store.split)
    return Effect.andThen(
      store.clean(request),
      Effect.andThen(files.syncDirectory(store.path("intd")), files.syncDirectory(store.path(directoryOf(last))))
    )
  }
})

const editor = Effect.fnUntraced(function* (reason: ByteString, clean: Clean) {
  const files = yield* Files
  const store = yield* QueueStore
  const { classic } = (yield* Home).record
  const virtualdomains = ControlMap.mapOf((yield* (yield* Controls).list(settings.virtualdomains)) ?? [])
  const paragraph = (address: ByteString): ByteString =>
    BounceFile.paragraph({ recipient: RecipientRoute.withoutPrepend(virtualdomains, address), report: reason, classic })
  return (id: MessageNumber.MessageNumber, edit: QueueEdit.Edit): Effect.Effect<void, FilesError> => {
    switch (edit._tag) {
      case "SetDue":
        return setDue(files, store.path(MessageNumber.channelFile(edit.channel, id, store.split)), edit.time)
      case "AppendBounce":
        return append(files, store, id, edit.recipients.map(({ address }) => paragraph(address)).join(""))
      case "MarkDone":
        return writing(files, store.path(MessageNumber.channelFile(edit.channel, id, store.split)), (fd) =>
          files.write(fd, RecipientFile.doneMark, edit.position)
        )
      case "Remove":
        return remove(
          files,
          store,
          edit.files.map((file) => fileOf[file](id, store.split))
        )
      case "Clean":
        return clean({ _tag: edit.what, id })
    }
  }
})

/** All of it, or as it was before: a piece of a bounce would be sent, though nobody has failed. */
const append = (files: FileCalls, store: QueueCalls, id: MessageNumber.MessageNumber, text: ByteString) => {
  const path = store.path(MessageNumber.bounce(id))
  return Effect.acquireUseRelease(
    files.open(path, "appendNoFollow", 0o600),
    Effect.fnUntraced(function* (fd) {
      const { bytes } = yield* files.fstat(fd)
      const written = Effect.andThen(files.write(fd, toChunk(text)), files.fsync(fd))
      yield* Effect.andThen(written, Effect.andThen(store.adopt(path), files.syncDirectory(store.path("bounce")))).pipe(
        Effect.tapError(() => Effect.ignore(bytes === 0 ? files.unlink(path) : files.truncate(fd, bytes)))
      )
    }),
    (fd) => Effect.ignore(files.close(fd))
  )
}

const setDue = (files: FileCalls, path: ByteString, time: number) =>
  writing(files, path, () => files.utimes(path, time, time))

const remove = Effect.fnUntraced(function* (files: FileCalls, store: QueueCalls, paths: ReadonlyArray<string>) {
  for (const path of paths) yield* orIfAbsent(files.unlink(store.path(path)), () => undefined)
  for (const directory of new Set(paths.map(directoryOf))) yield* files.syncDirectory(store.path(directory))
})

const directoryOf = (path: string): string => path.slice(0, path.lastIndexOf("/"))

const writing = (files: FileCalls, path: ByteString, write: (fd: number) => Effect.Effect<void, FilesError>) =>
  Effect.acquireUseRelease(
    files.open(path, "write"),
    (fd) => Effect.andThen(write(fd), files.fsync(fd)),
    (fd) => Effect.ignore(files.close(fd))
  )

const fileOf: Readonly<Record<QueueEdit.RemovableFile, (id: string, split: number) => string>> = {
  info: MessageNumber.info,
  bounce: MessageNumber.bounce,
  local: (id, split) => MessageNumber.channelFile("local", id, split),
  remote: (id, split) => MessageNumber.channelFile("remote", id, split)
}
