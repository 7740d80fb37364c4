/** The administrator's requests to whoever sends: found, carried out on the files, answered. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as AdminRequests from "../core/delivery/AdminRequests.ts"
import type { Command, Fact } from "../core/delivery/SendState.ts"
import type { FoundRequest } from "../core/delivery/Steering.ts"
import type { Outcome } from "../core/queue/QueueRequest.ts"
import * as QueueAdmin from "./QueueAdmin.ts"
import * as QueueReading from "./QueueReading.ts"
import type { QueueTools } from "./QueueTools.ts"

type CommandOf<Tag extends Command["_tag"]> = Extract<Command, { readonly _tag: Tag }>

export const find = Effect.gen(function* () {
  const requests = (yield* QueueAdmin.pending).map(({ name, request }) =>
    Result.match(request, {
      onFailure: (trouble): FoundRequest => ({ name, request: undefined, trouble }),
      onSuccess: (understood): FoundRequest => ({ name, request: understood })
    })
  )
  const notes = yield* QueueAdmin.takeNotes
  const fact: Fact = { _tag: "RequestsFound", ok: true, requests, notes }
  return fact
}).pipe(Effect.orElseSucceed((): Fact => ({ _tag: "RequestsFound", ok: false, requests: [], notes: [] })))

export const apply = Effect.fnUntraced(function* (
  tools: QueueTools,
  { busy, name, request }: CommandOf<"ApplyRequest">
) {
  for (const { id } of request.targets) tools.store.pin(id)
  const outcomes: ReadonlyArray<Outcome> = yield* Effect.orElseSucceed(QueueAdmin.apply(request), () =>
    request.targets.map(({ id }) => ({ _tag: "Failed", id, errno: "EIO" }) as const)
  )
  const found = yield* Effect.forEach(AdminRequests.stillThere(request, outcomes), (id) => QueueReading.find(tools, id))
  const told = [...outcomes, ...busy.map((id) => ({ _tag: "Busy", id }) as const)]
  const answered = yield* Effect.isSuccess(QueueAdmin.answer(name, told))
  const messages = found.filter((message) => message !== undefined)
  const fact: Fact = { _tag: "RequestApplied", name, request, outcomes, answered, messages }
  return fact
})
