/**
 * The text of a message that is delivered: opened once, read as often as the instructions ask, in pieces. A small
 * message is read only once.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { ByteString } from "../../core/Bytes.ts"
import type { Errno } from "../../core/Outcome.ts"
import { Files, FilesError } from "../platform/Files.ts"

/** Apart from `FilesError`, which is about the mailbox: whoever copies must tell the two. */
export class MessageUnreadable extends Data.TaggedError("MessageUnreadable")<{ readonly errno: Errno }> {}

export interface MessageText {
  /** The first bytes; the whole message if `isWhole`. */
  readonly first: Uint8Array
  readonly isWhole: boolean
  /** The piece at this offset, empty at the end; `into` is a buffer that it may use. */
  readonly pieceAt: (offset: number, into?: Uint8Array) => Effect.Effect<Uint8Array, MessageUnreadable>
}

/** A piece that is shorter than asked for may mean a damaged disk, not the end: only an empty one is the end. */
export const open = Effect.fnUntraced(function* (fd: number) {
  const files = yield* Files
  const read = (offset: number, into?: Uint8Array) =>
    Effect.mapError(files.read(fd, pieceBytes, offset, into), ({ errno }) => new MessageUnreadable({ errno }))
  const first = yield* read(0)
  const isWhole = first.length === 0 || (first.length < pieceBytes && (yield* read(first.length)).length === 0)
  const pieceAt: MessageText["pieceAt"] = (offset, into) =>
    offset === 0 ? Effect.succeed(first) : isWhole ? Effect.succeed(nothing) : read(offset, into)
  return { first, isWhole, pieceAt }
})

/** Each piece in turn, and whether it is the last. `use` must be done with a piece when it ends: buffers are reused. */
export const forEachPiece = <E, R>(
  text: MessageText,
  use: (piece: Uint8Array, isLast: boolean) => Effect.Effect<void, E, R>
): Effect.Effect<void, E | MessageUnreadable, R> => {
  if (text.isWhole) return use(text.first, true)
  return Effect.gen(function* () {
    let [buffer, other] = [new Uint8Array(pieceBytes), new Uint8Array(pieceBytes)]
    let offset = 0
    let piece = text.first
    while (piece.length > 0) {
      offset += piece.length
      const next = yield* text.pieceAt(offset, buffer)
      yield* use(piece, next.length === 0)
      piece = next
      ;[buffer, other] = [other, buffer]
    }
  })
}

export const withMessage = <A, E, R>(
  path: ByteString,
  use: (fd: number) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | FilesError, R | Files> =>
  Effect.flatMap(Files, (files) =>
    Effect.acquireUseRelease(files.open(path, "readNonBlocking"), use, (fd) => Effect.ignore(files.close(fd)))
  )

const nothing = new Uint8Array(0)
const pieceBytes = 65536
