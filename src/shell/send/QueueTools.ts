/** What the hands of qmail-send work with; taken together once, so that a command costs no look-ups. */
import * as Effect from "effect/Effect"
import { Cleaner } from "./Cleaner.ts"
import { type FileCalls, Files, type FilesError } from "../platform/Files.ts"
import { MessageHints } from "../queue/MessageHints.ts"
import { QueueClient } from "../queue/QueueClient.ts"
import { type QueueCalls, QueueStore } from "../queue/QueueStore.ts"

export interface QueueTools {
  readonly files: FileCalls
  readonly store: QueueCalls
  readonly cleaner: Cleaner["Service"]
  readonly client: QueueClient["Service"]
  readonly hints: MessageHints["Service"]
}

export const gather = Effect.gen(function* () {
  const tools: QueueTools = {
    files: yield* Files,
    store: yield* QueueStore,
    cleaner: yield* Cleaner,
    client: yield* QueueClient,
    hints: yield* MessageHints
  }
  return tools
})

/** `file` is below queue/. */
export const directoryOf = ({ store }: QueueTools, file: string): string =>
  store.path(file.slice(0, file.lastIndexOf("/")))

/** True or false, or the error that keeps us from knowing. */
export const exists = ({ files, store }: QueueTools, file: string): Effect.Effect<boolean, FilesError> =>
  Effect.matchEffect(files.stat(store.path(file)), {
    onFailure: (error) => (error.errno === "ENOENT" ? Effect.succeed(false) : Effect.fail(error)),
    onSuccess: () => Effect.succeed(true)
  })

/** The descriptor is closed whatever `use` does. */
export const opened = <A, E>(
  { files, store }: QueueTools,
  file: string,
  how: "read" | "write",
  use: (fd: number) => Effect.Effect<A, E>
): Effect.Effect<A, E | FilesError> =>
  Effect.acquireUseRelease(files.open(store.path(file), how), use, (fd) => Effect.ignore(files.close(fd)))

/** Message numbers in a directory of the queue. What is no number that an inode can have is not ours. */
export const names = ({ files, store }: QueueTools, directory: string) =>
  Effect.map(files.list(store.path(directory)), (found) => found.filter((name) => /^[1-9][0-9]{0,18}$/.test(name)))

/** The path below queue/, as the log says it. */
export const below = ({ store }: QueueTools, { path }: FilesError): string => path.slice(store.path("").length)

/** Nobody but qmail-send looks at senders, recipients and failures. (queue.md 1) */
export const modePrivate = 0o600

/** Calls on files at once, for one command: as many as the thread pool runs. */
export const callsAtOnce = 4
