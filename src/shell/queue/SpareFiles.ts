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
import type { ByteString } from "../../core/Bytes.ts"
import * as MessageNumber from "../../core/queue/MessageNumber.ts"
import type { FileCalls, FilesError } from "../platform/Files.ts"
import type { QueueCalls, WrittenFile } from "./QueueStore.ts"

type Id = MessageNumber.MessageNumber

interface Spare {
  readonly file: ByteString
  /** What is left in it of its last message. */
  readonly bytes: number
}
interface SpareText extends Spare {
  readonly id: Id
}
/** What a spare still holds when it is opened for a new message, by descriptor. */
type Leftovers = Map<number, number>

export const recycling = (files: FileCalls, plain: QueueCalls): QueueCalls => {
  const texts: Array<SpareText> = []
  const envelopes: Array<Spare> = []
  const leftovers: Leftovers = new Map()
  /** Names in pid/ that callers know, and the spare that stands for each; undefined when it has got its new name. */
  const unborn = new Map<ByteString, SpareText | undefined>()
  /** Messages that came in here and are in nobody else's hands, with the sizes of their files. */
  const ours = new Map<Id, { readonly text: number; readonly envelope: number }>()
  let count = 0
  const mess = (id: Id): ByteString => plain.path(MessageNumber.mess(id, plain.split))
  const intd = (id: Id): ByteString => plain.path(MessageNumber.intd(id))
  const spare = (): ByteString => plain.path(`pid/${prefix}${++count}`)

  /** Never made anew: under this name it would be another inode. */
  const reopen = ({ bytes, file }: Spare): Effect.Effect<number, FilesError> =>
    Effect.tap(files.open(file, "write"), (fd) => Effect.sync(() => leftovers.set(fd, bytes)))

  /** Cutting off what was longer is all that is needed: a spare is written over from its start. */
  const cut = ({ bytes, fd }: WrittenFile): Effect.Effect<void, FilesError> =>
    Effect.suspend(() => {
      const before = leftovers.get(fd) ?? 0
      leftovers.delete(fd)
      return before > bytes ? files.truncate(fd, bytes) : Effect.void
    })

  const keepEnvelope = (id: Id, bytes: number): Effect.Effect<void> => {
    const file = spare()
    return Effect.match(files.rename(intd(id), file), {
      onFailure: () => {},
      onSuccess: () => void envelopes.push({ file, bytes })
    })
  }
  const keepText = (id: Id, bytes: number): Effect.Effect<boolean> => {
    if (bytes > textBytesMax) return Effect.succeed(false)
    const file = spare()
    return Effect.match(files.rename(mess(id), file), {
      onFailure: () => false,
      onSuccess: () => {
        texts.push({ file, id, bytes })
        return true
      }
    })
  }

  return {
    ...plain,
    createName: (name) =>
      Effect.suspend(() => {
        const text = texts.pop()
        if (text === undefined) return plain.createName(name)
        return Effect.matchEffect(reopen(text), {
          onFailure: () => plain.createName(name),
          onSuccess: (fd) => {
            unborn.set(name, text)
            return Effect.succeed({ fd, id: text.id })
          }
        })
      }),
    linkMessage: (name, id) => {
      const text = unborn.get(name)
      return text === undefined
        ? plain.linkMessage(name, id)
        : Effect.map(files.rename(text.file, mess(id)), () => void unborn.set(name, undefined))
    },
    removeName: (name) =>
      Effect.suspend(() => {
        const text = unborn.get(name)
        if (!unborn.delete(name)) return plain.removeName(name)
        return text === undefined ? Effect.void : Effect.ignore(files.unlink(text.file))
      }),
    createEnvelope: (id) =>
      Effect.suspend(() => {
        const spare = envelopes.pop()
        if (spare === undefined) return plain.createEnvelope(id)
        const taken = Effect.flatMap(reopen(spare), (fd) =>
          Effect.as(
            Effect.tapError(files.rename(spare.file, intd(id)), () => Effect.ignore(files.close(fd))),
            fd
          )
        )
        return Effect.catch(taken, () => plain.createEnvelope(id))
      }),
    sync: (id, message, envelope) =>
      Effect.suspend(() => {
        if (ours.size < oursMax) ours.set(id, { text: message.bytes, envelope: envelope.bytes })
        return cut(message).pipe(Effect.andThen(cut(envelope)), Effect.andThen(plain.sync(id, message, envelope)))
      }),
    forgetMessage: (id, withEnvelope) =>
      Effect.suspend(() => {
        ours.delete(id)
        return plain.forgetMessage(id, withEnvelope)
      }),
    pin: (id) => void ours.delete(id),
    clean: (request) =>
      Effect.suspend(() => {
        const { _tag, id } = request
        const sizes = ours.get(id)
        if (_tag !== "RemoveMessage" || sizes === undefined) return plain.clean(request)
        ours.delete(id)
        if (texts.length >= sparesMax) return plain.clean(request)
        return Effect.andThen(
          keepEnvelope(id, sizes.envelope),
          Effect.flatMap(keepText(id, sizes.text), (kept) => (kept ? Effect.void : plain.clean(request)))
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
