/** Looks whether a message is finished, and removes what is left of it. */
import * as Effect from "effect/Effect"
import type { Command, Fact } from "../../core/delivery/SendState.ts"
import { bounce, channelFile, info, mess, type MessageNumber, todo } from "../../core/queue/MessageNumber.ts"
import * as QueueSweep from "../../core/queue/QueueSweep.ts"
import { channels } from "../../core/route/Channel.ts"
import { type FilesError, orIfAbsent } from "../platform/Files.ts"
import { below, directoryOf, exists, names, type QueueTools } from "./QueueTools.ts"
import * as RecipientFiles from "./RecipientFiles.ts"
import { currentSeconds } from "../home/SendControls.ts"

type CommandOf<Tag extends Command["_tag"]> = Extract<Command, { readonly _tag: Tag }>
type Verdict = Extract<Fact, { readonly _tag: "MessageInspected" }>["verdict"]

export const inspect = (tools: QueueTools, id: MessageNumber): Effect.Effect<Fact> =>
  verdictOn(tools, id).pipe(
    Effect.catch((error) => Effect.succeed<Verdict>({ _tag: "Unreadable", file: below(tools, error) })),
    Effect.map((verdict) => ({ _tag: "MessageInspected", id, verdict }))
  )

const verdictOn = (tools: QueueTools, id: MessageNumber): Effect.Effect<Verdict, FilesError> =>
  Effect.gen(function* () {
    const { split } = tools.store
    for (const file of [...channels.map((channel) => channelFile(channel, id, split)), todo(id)])
      if (yield* exists(tools, file)) return { _tag: "NotOurs" }
    if (!(yield* exists(tools, info(id, split)))) return { _tag: "NotOurs" }
    const envelope = yield* Effect.orElseSucceed(RecipientFiles.readInfo(tools, id), () => undefined)
    if (envelope === undefined) return { _tag: "Unreadable" }
    return { _tag: "Finished", sender: envelope.sender, hasBounce: yield* exists(tools, bounce(id)) }
  })

/**
 * The number is free for another message as soon as mess/N is gone. After a crash neither info/N nor todo/N must turn
 * up again beside it: their removal is durable first.
 */
export const end = (tools: QueueTools, id: MessageNumber): Effect.Effect<Fact> => {
  const { files, store } = tools
  const file = info(id, store.split)
  const ended = (result: "removed" | "infoStays" | "messStays"): Fact => ({ _tag: "MessageEnded", id, result })
  return orIfAbsent(files.unlink(store.path(file)), () => undefined).pipe(
    Effect.andThen(
      Effect.all([files.syncDirectory(directoryOf(tools, file)), files.syncDirectory(store.path("todo"))], {
        concurrency: "unbounded",
        discard: true
      })
    ),
    Effect.matchEffect({
      onFailure: () => Effect.succeed(ended("infoStays")),
      onSuccess: () => Effect.map(removeText(tools, id), (ok) => ended(ok ? "removed" : "messStays"))
    })
  )
}

export const endStraight = ({ cleaner }: QueueTools, id: MessageNumber): Effect.Effect<Fact> =>
  cleaner.endStraight(id).pipe(
    Effect.orElseSucceed(() => "messStays" as const),
    Effect.map((result) => ({ _tag: "StraightEnded", id, result }))
  )

export const removeAbandoned = (tools: QueueTools, id: MessageNumber): Effect.Effect<Fact> =>
  Effect.map(removeText(tools, id), (ok) => ({ _tag: "AbandonedRemoved", id, ok }))

const removeText = ({ cleaner }: QueueTools, id: MessageNumber): Effect.Effect<boolean> =>
  Effect.orElseSucceed(cleaner.clean({ _tag: "RemoveMessage", id }), () => false)

/** Messages that have info are passed over without a look at their text. */
export const sweep = (tools: QueueTools, { subdirectory }: CommandOf<"SweepMess">): Effect.Effect<Fact> =>
  Effect.gen(function* () {
    const now = yield* currentSeconds
    const known = new Set(yield* names(tools, `info/${subdirectory}`))
    const ids = (yield* names(tools, `mess/${subdirectory}`)).filter((id) => !known.has(id))
    return yield* Effect.filter(ids, (id) => Effect.orElseSucceed(isAbandoned(tools, id, now), () => false))
  }).pipe(
    Effect.orElseSucceed((): ReadonlyArray<MessageNumber> => []),
    Effect.map((abandoned) => ({ _tag: "MessSwept", subdirectory, abandoned }))
  )

const isAbandoned = (tools: QueueTools, id: MessageNumber, now: number): Effect.Effect<boolean, FilesError> =>
  Effect.gen(function* () {
    const { files, store } = tools
    const { atime, mtime } = yield* files.stat(store.path(mess(id, store.split)))
    const hasInfo = yield* exists(tools, info(id, store.split))
    const hasTodo = yield* exists(tools, todo(id))
    return QueueSweep.isAbandonedMessage({ now, atime, mtime, hasInfo, hasTodo })
  })
