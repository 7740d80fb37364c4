/**
 * Writes one message into a Maildir: created in tmp, written, on disk, linked to new, and the directory new on
 * disk too, before anyone hears of success. A reader sees the whole message or none. (maildir(5))
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Mailboxes from "../../core/local/Mailboxes.ts"
import type { MaildirTrouble } from "../../core/local/LocalDelivery.ts"
import { type ByteString, concat } from "../../core/Bytes.ts"
import { type FileCalls, Files, type FilesError } from "../platform/Files.ts"
import { forEachPiece, type MessageText, type MessageUnreadable } from "./MessageText.ts"

export interface MaildirEntry {
  /** With a slash at the end. */
  readonly directory: ByteString
  /** Lines before the message. */
  readonly head: Uint8Array
  readonly text: MessageText
  /** A name that nobody used yet. */
  readonly nextName: (milliseconds: number) => ByteString
}

/** Undefined: it is there. */
export const write = (entry: MaildirEntry): Effect.Effect<MaildirTrouble | undefined, never, Files> =>
  Effect.flatMap(Files, (files) =>
    Effect.suspend(() => put(files, entry, Mailboxes.nameAttempts)).pipe(
      Effect.as(undefined),
      Effect.catchTags({
        FilesError: () => whatIsMissing(files, entry.directory),
        MessageUnreadable: () => Effect.succeed<MaildirTrouble>("unreadable")
      }),
      Effect.timeoutOption(Mailboxes.maildirSecondsMax * 1000),
      Effect.map(Option.getOrElse((): MaildirTrouble => "timeout"))
    )
  )

const put = (
  files: FileCalls,
  entry: MaildirEntry,
  attempts: number
): Effect.Effect<void, FilesError | MessageUnreadable> =>
  Effect.flatMap(Clock.currentTimeMillis, (millis) => {
    const name = entry.nextName(millis)
    const fresh = `${entry.directory}tmp/${name}`
    return Effect.acquireUseRelease(
      Effect.map(files.open(fresh, "create", 0o600), (fd) => ({ fd, isOpen: true })),
      (file) =>
        copy(files, entry, file.fd).pipe(
          Effect.andThen(files.fsync(file.fd)),
          Effect.andThen(() => {
            file.isOpen = false
            return files.close(file.fd)
          }),
          Effect.andThen(publish(files, entry.directory, name, fresh)),
          Effect.tapError(() => Effect.ignore(files.unlink(fresh))),
          Effect.onInterrupt(() => Effect.ignore(files.unlink(fresh)))
        ),
      (file) => (file.isOpen ? Effect.ignore(files.close(file.fd)) : Effect.void)
    ).pipe(
      Effect.catchIf(
        (error) => error._tag === "FilesError" && error.errno === "EEXIST" && attempts > 1,
        () => Effect.andThen(Effect.sleep(Mailboxes.nameRetrySeconds * 1000), put(files, entry, attempts - 1))
      )
    )
  })

/** Head and message, with as few writes as possible. */
const copy = (files: FileCalls, { head, text }: MaildirEntry, fd: number) => {
  let before: ReadonlyArray<Uint8Array> = [head]
  return forEachPiece(text, (piece) => {
    const bytes = concat([...before, piece])
    before = []
    return files.write(fd, bytes)
  })
}

/** From the link on the mail is delivered: what follows is not interrupted. */
const publish = (files: FileCalls, directory: ByteString, name: ByteString, fresh: ByteString) =>
  files
    .link(fresh, `${directory}new/${name}`)
    .pipe(
      Effect.andThen(Effect.ignore(files.unlink(fresh))),
      Effect.andThen(files.syncDirectory(`${directory}new`)),
      Effect.uninterruptible
    )

const whatIsMissing = (files: FileCalls, directory: ByteString): Effect.Effect<MaildirTrouble> =>
  files.stat(`${directory}.`).pipe(
    Effect.as<MaildirTrouble>("other"),
    Effect.orElseSucceed((): MaildirTrouble => "noMaildir")
  )
