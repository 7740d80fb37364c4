/**
 * The end of a message that never left todo/. todo/N goes first, and for good: it must not turn up again without its
 * text, nor beside another message of its number.
 */
import * as Effect from "effect/Effect"
import type { CleanRequest } from "../../core/queue/CleanRequest.ts"
import { type MessageNumber, todo } from "../../core/queue/MessageNumber.ts"
import type { FileCalls, FilesError } from "../platform/Files.ts"
import type { QueueCalls } from "./QueueStore.ts"

export type StraightEnd = "removed" | "todoStays" | "messStays"

export const end = <E>(
  files: FileCalls,
  store: QueueCalls,
  clean: (request: CleanRequest) => Effect.Effect<boolean, E>,
  id: MessageNumber
): Effect.Effect<StraightEnd, E> =>
  removeTodo(files, store, clean, id).pipe(
    Effect.flatMap((isRemoved) =>
      isRemoved ? Effect.as(files.syncDirectory(store.path("todo")), true) : Effect.succeed(false)
    ),
    Effect.catchTag("FilesError", () => Effect.succeed(false)),
    Effect.flatMap((isGone) =>
      isGone
        ? Effect.map(clean({ _tag: "RemoveMessage", id }), (ok): StraightEnd => (ok ? "removed" : "messStays"))
        : Effect.succeed<StraightEnd>("todoStays")
    )
  )

/** With qmail's users todo/ is not qmail-send's; but qmail-clean removes intd/N too, which a server uses again. */
const removeTodo = <E>(
  files: FileCalls,
  store: QueueCalls,
  clean: (request: CleanRequest) => Effect.Effect<boolean, E>,
  id: MessageNumber
): Effect.Effect<boolean, E | FilesError> =>
  Effect.matchEffect(files.unlink(store.path(todo(id))), {
    onSuccess: () => Effect.succeed(true),
    onFailure: ({ errno }) => {
      if (errno === "ENOENT") return Effect.succeed(true)
      return errno === "EACCES" ? clean({ _tag: "RemoveTodo", id }) : Effect.succeed(false)
    }
  })
