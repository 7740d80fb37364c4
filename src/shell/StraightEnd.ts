/**
 * The end of a message that never left todo/. todo/N goes first, and for good: it must not turn up again without its
 * text, nor beside another message of its number.
 */
import * as Effect from "effect/Effect"
import type { CleanRequest } from "../core/queue/CleanRequest.ts"
import { type MessageNumber, todo } from "../core/queue/MessageNumber.ts"
import { type FileCalls, orIfAbsent } from "./Files.ts"
import type { QueueCalls } from "./QueueStore.ts"

export type StraightEnd = "removed" | "todoStays" | "messStays"

export const end = <E>(
  files: FileCalls,
  store: QueueCalls,
  clean: (request: CleanRequest) => Effect.Effect<boolean, E>,
  id: MessageNumber
): Effect.Effect<StraightEnd, E> =>
  orIfAbsent(files.unlink(store.path(todo(id))), () => undefined).pipe(
    Effect.andThen(files.syncDirectory(store.path("todo"))),
    Effect.as(true),
    Effect.orElseSucceed(() => false),
    Effect.flatMap((isGone) =>
      isGone
        ? Effect.map(clean({ _tag: "RemoveMessage", id }), (ok): StraightEnd => (ok ? "removed" : "messStays"))
        : Effect.succeed<StraightEnd>("todoStays")
    )
  )
