/** The administrator's requests to the sender: carried out on the files, answered. */
import * as Effect from "effect/Effect"
import * as AdminRequests from "../../core/delivery/AdminRequests.ts"
import type { Command, Fact } from "../../core/delivery/SendState.ts"
import * as AdminEdits from "../admin/AdminEdits.ts"
import * as AdminNotes from "../admin/AdminNotes.ts"
import type { Door } from "../admin/AdminSocket.ts"
import * as QueueReading from "./QueueReading.ts"
import { callsAtOnce, type QueueTools } from "./QueueTools.ts"

type CommandOf<Tag extends Command["_tag"]> = Extract<Command, { readonly _tag: Tag }>

export const takeNotes = AdminNotes.take.pipe(
  Effect.map((notes): Fact => ({ _tag: "NotesTaken", ok: true, notes })),
  Effect.orElseSucceed((): Fact => ({ _tag: "NotesTaken", ok: false, notes: [] }))
)

export const apply = Effect.fnUntraced(function* (
  tools: QueueTools,
  door: Door,
  { asker, busy, request }: CommandOf<"ApplyRequest">
) {
  const isWanted = door.isWaiting(asker)
  const edited = Effect.orElseSucceed(tools.cleaner.edit(request), () => AdminEdits.undone(request))
  const outcomes = isWanted ? yield* edited : []
  const there = AdminRequests.stillThere(request, outcomes)
  const found = yield* Effect.forEach(there, (id) => QueueReading.find(tools, id), { concurrency: callsAtOnce })
  const told = [...outcomes, ...busy.map((one) => ({ _tag: "Busy", ...one }) as const)]
  const answered = !isWanted || (yield* door.answer(asker, told))
  const messages = found.filter((message) => message !== undefined)
  const fact: Fact = { _tag: "RequestApplied", request, outcomes, answered, messages }
  return fact
})
