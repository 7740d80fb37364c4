/** Appends one message to an mbox: locked, quoted, on disk; what was written of a failed one is cut off again. */
import * as Effect from "effect/Effect"
import * as Mailboxes from "../../core/local/Mailboxes.ts"
import type { MboxTrouble } from "../../core/local/LocalDelivery.ts"
import { type ByteString, concat } from "../../core/Bytes.ts"
import { type FileCalls, Files, type FilesError } from "../platform/Files.ts"
import { type Answer, Locks } from "../platform/Locks.ts"
import { forEachPiece, type MessageText, MessageUnreadable } from "./MessageText.ts"

export interface MboxEntry {
  readonly file: ByteString
  /** The From_ line and what else stands before the message. */
  readonly head: Uint8Array
  readonly text: MessageText
}

/** Undefined: it is there. */
export const append = (entry: MboxEntry): Effect.Effect<MboxTrouble | undefined, MessageUnreadable, Files | Locks> =>
  Effect.gen(function* () {
    const files = yield* Files
    const locks = yield* Locks
    return yield* Effect.acquireUseRelease(
      files.open(entry.file, "append", 0o600),
      (fd) => locks.whileLocked(fd, Mailboxes.mboxLockSecondsMax, (answer) => appendHolding(files, entry, fd, answer)),
      (fd) => Effect.ignore(files.close(fd))
    )
  }).pipe(Effect.catchTag("FilesError", ({ errno }) => Effect.succeed<MboxTrouble>({ _tag: "NotOpened", errno })))

/** A file system without locks gets its mail unlocked, as with qmail-local; then nothing may be cut off. */
const appendHolding = (
  files: FileCalls,
  entry: MboxEntry,
  fd: number,
  answer: Answer
): Effect.Effect<MboxTrouble | undefined, MessageUnreadable> => {
  switch (answer._tag) {
    case "Busy":
      return Effect.succeed({ _tag: "StaysLocked" })
    case "Unavailable":
      return Effect.succeed({ _tag: "NotLocked", errno: answer.errno })
    case "Locked":
    case "Refused":
      return files.fstat(fd).pipe(
        Effect.flatMap(({ bytes }) => {
          const undo = answer._tag === "Locked" ? Effect.ignore(files.truncate(fd, bytes)) : Effect.void
          return Effect.tapError(put(files, entry, fd, bytes === 0), () => undo)
        }),
        Effect.as(undefined),
        Effect.catchTag("FilesError", ({ errno }) => Effect.succeed<MboxTrouble>({ _tag: "NotWritten", errno })),
        Effect.uninterruptible
      )
  }
}

const put = (
  files: FileCalls,
  { file, head, text }: MboxEntry,
  fd: number,
  isNew: boolean
): Effect.Effect<void, FilesError | MessageUnreadable> => {
  let quoting = Mailboxes.quotingStart
  let before: ReadonlyArray<Uint8Array> = [head]
  return forEachPiece(text, (piece, isLast) => {
    const [next, quoted] = Mailboxes.quote(quoting, piece)
    quoting = next
    const bytes = concat([...before, ...quoted, ...(isLast ? [Mailboxes.quotingEnd(quoting)] : [])])
    before = []
    return files.write(fd, bytes)
  }).pipe(
    Effect.andThen(files.fsync(fd)),
    Effect.andThen(isNew ? files.syncDirectory(file.replace(/[^/]*$/, "") || ".") : Effect.void)
  )
}
