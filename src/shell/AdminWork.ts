/** The administrator's requests to whoever sends: found, carried out on the files, answered. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as AdminRequests from "../core/delivery/AdminRequests.ts"
import type { Command, Fact } from "../core/delivery/SendState.ts"
import type { FoundRequest } from "../core/delivery/Steering.ts"
import type { Outcome } from "../core/queue/QueueRequest.ts"
import { FilesError } from "./Files.ts"
import * as QueueAdmin from "./QueueAdmin.ts"
import * as QueueReading from "./QueueReading.ts"
import type { QueueTools } from "./QueueTools.ts"
import * as RequestBox from "./RequestBox.ts"

type CommandOf<Tag extends Command["_tag"]> = Extract<Command, { readonly _tag: Tag }>

export const find = Effect.gen(function* () {
  const requests = (yield* RequestBox.pending).map(({ name, request }) =>
    Result.match(request, {
      onFailure: (trouble): FoundRequest => ({ name, request: undefined, trouble }),
      onSuccess: (understood): FoundRequest => ({ name, request: understood })
    })
  )
  const notes = yield* RequestBox.takeNotes
  const fact: Fact = { _tag: "RequestsFound", ok: true, requests, notes }
  return fact
}).pipe(Effect.orElseSucceed((): Fact => ({ _tag: "RequestsFound", ok: false, requests: [], notes: [] })))

export const apply = Effect.fnUntraced(function* (
  tools: QueueTools,
  { busy, name, request }: CommandOf<"ApplyRequest">
) {
  const outcomes: ReadonlyArray<Outcome> = yield* Effect.orElseSucceed(QueueAdmin.apply(request, cleaning(tools)), () =>
    request.targets.map(({ id }) => ({ _tag: "Failed", id, errno: "EIO" }) as const)
  )
  const found = yield* Effect.forEach(AdminRequests.stillThere(request, outcomes), (id) => QueueReading.find(tools, id))
  const told = [...outcomes, ...busy.map((id) => ({ _tag: "Busy", id }) as const)]
  const answered = yield* Effect.isSuccess(RequestBox.answer(name, told))
  const messages = found.filter((message) => message !== undefined)
  const fact: Fact = { _tag: "RequestApplied", name, request, outcomes, answered, messages }
  return fact
})

/** qmail-send may not remove them itself. A text may come back after a crash: then it is abandoned. */
const cleaning =
  ({ cleaner, files, store }: QueueTools): QueueAdmin.Clean =>
  (request) => {
    const path = store.path(request._tag === "RemoveTodo" ? "todo" : "mess")
    const failed = Effect.fail(new FilesError({ operation: "clean", path, errno: "EIO" }))
    return Effect.orElseSucceed(cleaner.clean(request), () => false).pipe(
      Effect.flatMap((ok) => (ok ? Effect.void : failed)),
      Effect.andThen(request._tag === "RemoveTodo" ? files.syncDirectory(path) : Effect.void)
    )
  }
