/** The administrator's requests to whoever sends: found, carried out on the files, answered. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as AdminRequests from "../core/delivery/AdminRequests.ts"
import type { Command, Fact } from "../core/delivery/SendState.ts"
import type { FoundRequest } from "../core/delivery/Steering.ts"
import * as AdminEdits from "./AdminEdits.ts"
import * as QueueReading from "./QueueReading.ts"
import { callsAtOnce, type QueueTools } from "./QueueTools.ts"
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
  const outcomes = yield* Effect.orElseSucceed(tools.cleaner.edit(request), () => AdminEdits.undone(request))
  const there = AdminRequests.stillThere(request, outcomes)
  const found = yield* Effect.forEach(there, (id) => QueueReading.find(tools, id), { concurrency: callsAtOnce })
  const told = [...outcomes, ...busy.map((one) => ({ _tag: "Busy", ...one }) as const)]
  const answered = yield* Effect.isSuccess(RequestBox.answer(name, told))
  const messages = found.filter((message) => message !== undefined)
  const fact: Fact = { _tag: "RequestApplied", name, request, outcomes, answered, messages }
  return fact
})
