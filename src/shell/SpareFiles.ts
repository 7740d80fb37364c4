/**
 * A queue whose files are used again. A busy server would make and delete two files for every message; some file
 * systems search long for an inode when many were deleted a moment ago, and a new file costs an fsync more than an
 * old one. So the text and the envelope of a message that has ended become spares in pid/, where qmail keeps
 * messages that are being born, and a new message takes them: the number of a message is its inode's, as ever.
 *
 * An envelope is taken only when no name below todo/ can come back to it after a crash, a text only when nobody can
 * still have it open. Whatever does not work out is done the plain way.
 */
import * as Effect from "effect/Effect"
import type { ByteString } from "../core/Bytes.ts"
import * as MessageNumber from "../core/queue/MessageNumber.ts"
import type { FileCalls, FilesError } from "./Files.ts"
import type { QueueCalls } from "./QueueStore.ts"

type Id = MessageNumber.MessageNumber

interface SpareText {
  readonly file: ByteString
  readonly id: Id
}

export const recycling = (files: FileCalls, plain: QueueCalls): QueueCalls => {
  const texts: Array<SpareText> = []
  const envelopes: Array<ByteString> = []
  /** Names in pid/ that callers know, and the spare that stands for each. */
  const unborn = new Map<ByteString, SpareText>()
  /** Messages that came in here and are in nobody else's hands. */
  const ours = new Set<Id>()
  let count = 0
  const mess = (id: Id): ByteString => plain.path(MessageNumber.mess(id, plain.split))
  const intd = (id: Id): ByteString => plain.path(MessageNumber.intd(id))
  const spare = (): ByteString => plain.path(`pid/${prefix}${++count}`)

  /** Never made anew: under this name it would be another inode. */
  const openEmpty = (file: ByteString): Effect.Effect<number, FilesError> =>
    Effect.flatMap(files.open(file, "update"), (fd) =>
      Effect.as(
        Effect.tapError(files.truncate(fd, 0), () => Effect.ignore(files.close(fd))),
        fd
      )
    )

  const keepEnvelope = (id: Id): Effect.Effect<void> => {
    const file = spare()
    return Effect.match(files.rename(intd(id), file), {
      onFailure: () => {},
      onSuccess: () => void envelopes.push(file)
    })
  }
  const keepText = (id: Id): Effect.Effect<boolean> =>
    Effect.gen(function* () {
      const { bytes } = yield* files.stat(mess(id))
      if (bytes > textBytesMax) return false
      const file = spare()
      yield* files.rename(mess(id), file)
      texts.push({ file, id })
      return true
    }).pipe(Effect.orElseSucceed(() => false))

  return {
    ...plain,
    createName: (name) =>
      Effect.suspend(() => {
        const text = texts.pop()
        if (text === undefined) return plain.createName(name)
        return Effect.matchEffect(openEmpty(text.file), {
          onFailure: () => plain.createName(name),
          onSuccess: (fd) => {
            unborn.set(name, text)
            return Effect.succeed({ fd, id: text.id })
          }
        })
      }),
    linkMessage: (name, id) => {
      const text = unborn.get(name)
      return text === undefined ? plain.linkMessage(name, id) : files.rename(text.file, mess(id))
    },
    removeName: (name) =>
      Effect.suspend(() => {
        const text = unborn.get(name)
        if (!unborn.delete(name)) return plain.removeName(name)
        // Where it was linked it has no other name any more.
        return Effect.ignore(files.unlink(text!.file))
      }),
    createEnvelope: (id) =>
      Effect.suspend(() => {
        const file = envelopes.pop()
        if (file === undefined) return plain.createEnvelope(id)
        const taken = Effect.flatMap(openEmpty(file), (fd) =>
          Effect.as(
            Effect.tapError(files.rename(file, intd(id)), () => Effect.ignore(files.close(fd))),
            fd
          )
        )
        return Effect.catch(taken, () => plain.createEnvelope(id))
      }),
    linkTodo: (id) => Effect.tap(plain.linkTodo(id), () => Effect.sync(() => ours.size < oursMax && ours.add(id))),
    pin: (id) => void ours.delete(id),
    clean: (request) =>
      Effect.suspend(() => {
        if (request._tag !== "RemoveMessage" || !ours.delete(request.id) || texts.length >= sparesMax)
          return plain.clean(request)
        return Effect.andThen(
          keepEnvelope(request.id),
          Effect.flatMap(keepText(request.id), (kept) => (kept ? Effect.void : plain.clean(request)))
        )
      })
  }
}

/** Removes the spares of a server that is gone; only for whoever holds lock/sendmutex. */
export const forget = Effect.fnUntraced(function* (files: FileCalls, store: QueueCalls) {
  const names = yield* Effect.orElseSucceed(files.list(store.path("pid")), (): ReadonlyArray<ByteString> => [])
  for (const name of names) if (name.startsWith(prefix)) yield* Effect.ignore(files.unlink(store.path(`pid/${name}`)))
})

const prefix = "spare."
/** As many as can be under way at once, on a busy day. */
const sparesMax = 128
/** A larger file is not worth its room on the disk. */
const textBytesMax = 65536
/** Numbers in memory. */
const oursMax = 16384
