/**
 * The queue on disk: each method is one act on the files of one message. Which act comes when is decided in
 * core/queue; what must be durable before what is said there too. Works on any Files: a disk or a memory.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { type ByteString } from "../../core/Bytes.ts"
import type { CleanRequest } from "../../core/queue/CleanRequest.ts"
import * as MessageNumber from "../../core/queue/MessageNumber.ts"
import { type FileCalls, Files, FilesError, orIfAbsent } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import * as SpareFiles from "./SpareFiles.ts"

type Id = MessageNumber.MessageNumber

export interface QueueCalls {
  readonly split: number
  /** The absolute path of a path below queue/. */
  readonly path: (below: string) => ByteString

  /** A new file in pid/, and the number that its inode gives it. */
  readonly createName: (name: ByteString) => Effect.Effect<{ readonly fd: number; readonly id: Id }, FilesError>
  readonly linkMessage: (name: ByteString, id: Id) => Effect.Effect<void, FilesError>
  readonly removeName: (name: ByteString) => Effect.Effect<void, FilesError>
  readonly createEnvelope: (id: Id) => Effect.Effect<number, FilesError>
  readonly removeEnvelope: (id: Id) => Effect.Effect<void, FilesError>
  /** Text, envelope, and the text's directory entry. */
  readonly sync: (id: Id, message: WrittenFile, envelope: WrittenFile) => Effect.Effect<void, FilesError>
  readonly linkTodo: (id: Id) => Effect.Effect<void, FilesError>
  readonly syncTodo: Effect.Effect<void, FilesError>
  /** Empties and removes what a failed injection made: the envelope first, and the text only if that is gone. */
  readonly forgetMessage: (id: Id, withEnvelope: boolean) => Effect.Effect<void, FilesError>

  /** Somebody else may have the text open from now on, perhaps for ever. */
  readonly pin: (id: Id) => void

  /** What qmail-clean does on request. A file that is missing is as good as removed. */
  readonly clean: (request: CleanRequest) => Effect.Effect<void, FilesError>

  /** Gives a file made by root to the owner of its directory, who could not use it otherwise. */
  readonly adopt: (file: ByteString) => Effect.Effect<void, FilesError>

  /** Every numeric name in a directory of the queue, subdirectories included, in the order of the disk. */
  readonly list: (directory: QueueDirectory) => Effect.Effect<ReadonlyArray<Id>, FilesError>
}

/** A file that is still open, and how much was written to it. */
export interface WrittenFile {
  readonly fd: number
  readonly bytes: number
}

export type QueueDirectory = "mess" | "info" | "local" | "remote" | "intd" | "todo" | "bounce"

export class QueueStore extends Context.Service<QueueStore, QueueCalls>()("thresher/shell/QueueStore") {
  static readonly layer: Layer.Layer<QueueStore, never, Files | Home> = Layer.effect(
    QueueStore,
    Effect.gen(function* () {
      const files = yield* Files
      const { path, record } = yield* Home
      return on(files, `${path}/queue`, record.split)
    })
  )

  /** For the one thread that queues and sends: files of messages that have ended are used again. */
  static readonly layerServer: Layer.Layer<QueueStore, never, Files | Home> = Layer.effect(
    QueueStore,
    Effect.gen(function* () {
      const files = yield* Files
      const { path, record } = yield* Home
      const plain = on(files, `${path}/queue`, record.split)
      return record.classic ? plain : SpareFiles.recycling(files, plain)
    })
  )
}

const on = (files: FileCalls, queue: ByteString, split: number): QueueCalls => {
  const path = (below: string): ByteString => `${queue}/${below}`
  const name = (name: ByteString) => path(`pid/${name}`)
  const mess = (id: Id) => path(MessageNumber.mess(id, split))
  const intd = (id: Id) => path(MessageNumber.intd(id))
  const todo = (id: Id) => path(MessageNumber.todo(id))
  const removeIfThere = (file: ByteString) => orIfAbsent(files.unlink(file), () => undefined)
  const emptyAndRemove = (file: ByteString) =>
    Effect.andThen(
      Effect.ignore(Effect.flatMap(files.open(file, "update"), (fd) => closing(files, fd, files.truncate(fd, 0)))),
      removeIfThere(file)
    )
  return {
    split,
    path,
    createName: (unborn) =>
      Effect.flatMap(files.open(name(unborn), "create", modeMessage), (fd) =>
        files.fstat(fd).pipe(
          Effect.map(({ inode }) => ({ fd, id: inode })),
          Effect.tapError(() => Effect.ignore(files.close(fd)))
        )
      ),
    linkMessage: (unborn, id) => files.link(name(unborn), mess(id)),
    removeName: (unborn) => files.unlink(name(unborn)),
    createEnvelope: (id) => files.open(intd(id), "create", modeMessage),
    removeEnvelope: (id) => removeIfThere(intd(id)),
    sync: (id, message, envelope) =>
      allDone([
        files.fsync(message.fd),
        files.fsync(envelope.fd),
        files.syncDirectory(path(`mess/${MessageNumber.subdirectory(id, split)}`))
      ]),
    linkTodo: (id) => files.link(intd(id), todo(id)),
    syncTodo: files.syncDirectory(path("todo")),
    forgetMessage: (id, withEnvelope) =>
      Effect.andThen(withEnvelope ? emptyAndRemove(intd(id)) : Effect.void, emptyAndRemove(mess(id))),
    pin: () => {},
    clean: (request) =>
      Effect.andThen(
        removeIfThere(intd(request.id)),
        removeIfThere(request._tag === "RemoveMessage" ? mess(request.id) : todo(request.id))
      ),
    adopt: (file) =>
      Effect.gen(function* () {
        const parent = yield* files.stat(file.slice(0, file.lastIndexOf("/")))
        const own = yield* files.stat(file)
        if (own.uid === 0 && parent.uid !== 0) yield* files.chown(file, parent.uid, parent.gid)
      }),
    list: (directory) => listIn(files, path(directory), isSplit.has(directory) ? split : undefined)
  }
}

/** Names that are not entirely digits are not messages. */
const listIn = Effect.fnUntraced(function* (files: FileCalls, directory: ByteString, split: number | undefined) {
  const found: Array<Id> = []
  const directories = split === undefined ? [directory] : Array.from({ length: split }, (_, i) => `${directory}/${i}`)
  for (const one of directories)
    for (const name of yield* files.list(one)) if (MessageNumber.isMessageNumber(name)) found.push(name)
  return found
})

/** All run at once and to their end, whichever fails: a descriptor must not be closed under a running fsync. */
const allDone = (effects: ReadonlyArray<Effect.Effect<void, FilesError>>) =>
  Effect.flatMap(Effect.forEach(effects, Effect.exit, { concurrency: "unbounded" }), (exits) => Exit.asVoidAll(exits))

const closing = <A>(files: FileCalls, fd: number, effect: Effect.Effect<A, FilesError>) =>
  Effect.ensuring(effect, Effect.ignore(files.close(fd)))

const isSplit: ReadonlySet<QueueDirectory> = new Set(["mess", "info", "local", "remote"])

/** Readable by the spawners, which belong to the group. */
const modeMessage = 0o644
