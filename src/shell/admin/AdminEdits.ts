/** The administrator's changes to the files of messages, on behalf of the sender. */
import * as Effect from "effect/Effect"
import type { CleanRequest } from "../../core/queue/CleanRequest.ts"
import type { Outcome, QueueRequest } from "../../core/admin/QueueRequest.ts"
import { type FileCalls, FilesError } from "../platform/Files.ts"
import * as QueueAdmin from "./QueueAdmin.ts"
import type { QueueCalls } from "../queue/QueueStore.ts"

/** What is there to remove files with: qmail-clean, or what does its work. False: something could not be removed. */
export interface EditTools<E> {
  readonly files: FileCalls
  readonly store: QueueCalls
  readonly clean: (request: CleanRequest) => Effect.Effect<boolean, E>
}

export const edit = <E>(tools: EditTools<E>, request: QueueRequest) =>
  Effect.orElseSucceed(QueueAdmin.apply(request, cleaning(tools)), () => undone(request))

export const undone = ({ targets }: QueueRequest): ReadonlyArray<Outcome> =>
  targets.map(({ id }) => ({ _tag: "Failed", id, errno: "EIO" }) as const)

/** qmail-send may not remove them itself. A text may come back after a crash: then it is abandoned. */
const cleaning =
  <E>({ clean, files, store }: EditTools<E>): QueueAdmin.Clean =>
  (request) => {
    const path = store.path(request._tag === "RemoveTodo" ? "todo" : "mess")
    const failed = Effect.fail(new FilesError({ operation: "clean", path, errno: "EIO" }))
    return Effect.orElseSucceed(clean(request), () => false).pipe(
      Effect.flatMap((ok) => (ok ? Effect.void : failed)),
      Effect.andThen(request._tag === "RemoveTodo" ? files.syncDirectory(path) : Effect.void)
    )
  }
