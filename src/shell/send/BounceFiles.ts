/** Writes bounce/N, and sends it back as a new message. */
import * as Effect from "effect/Effect"
import { toChunk } from "../../core/Bytes.ts"
import * as BounceNotice from "../../core/bounce/BounceNotice.ts"
import type { Command, Fact } from "../../core/delivery/SendState.ts"
import * as MessageNumber from "../../core/queue/MessageNumber.ts"
import { channels } from "../../core/route/Channel.ts"
import { orIfAbsent } from "../platform/Files.ts"
import type { QueueEntry } from "../queue/QueueClient.ts"
import { directoryOf, modePrivate, opened, type QueueTools } from "./QueueTools.ts"
import { currentSeconds } from "../home/SendControls.ts"

type CommandOf<Tag extends Command["_tag"]> = Extract<Command, { readonly _tag: Tag }>

export const append = ({ files, store }: QueueTools, command: CommandOf<"AppendBounce">): Effect.Effect<Fact> => {
  const { durable, id, text } = command
  return Effect.acquireUseRelease(
    files.open(store.path(MessageNumber.bounce(id)), "appendNoFollow", modePrivate),
    (fd) => Effect.andThen(files.write(fd, toChunk(text)), durable ? files.fsync(fd) : Effect.void),
    (fd) => Effect.ignore(files.close(fd))
  ).pipe(
    Effect.andThen(durable ? files.syncDirectory(store.path("bounce")) : Effect.void),
    Effect.match({
      onFailure: (): Fact => ({ _tag: "BounceNotAppended", wanted: command }),
      onSuccess: (): Fact => ({ _tag: "BounceAppended", id })
    })
  )
}

export const inject = (tools: QueueTools, command: CommandOf<"InjectBounce">): Effect.Effect<Fact> =>
  Effect.gen(function* () {
    const { classic, from, host, id, route } = command
    yield* recipientsGone(tools, id)
    const { about, envelope, isDouble } = route
    const entry = yield* tools.client.open("bounce")
    const to = envelope.recipients[0]!
    const notice = { now: yield* currentSeconds, classic, qp: entry.qp, from, host, to, isDouble, about }
    const status = yield* entry.put(toChunk(BounceNotice.head(notice))).pipe(
      Effect.andThen(copy(tools, entry, MessageNumber.bounce(id))),
      Effect.andThen(entry.put(toChunk(BounceNotice.tail(notice)))),
      Effect.andThen(copy(tools, entry, MessageNumber.mess(id, tools.store.split))),
      Effect.andThen(entry.finish(envelope)),
      Effect.catch(() => entry.abandon)
    )
    return { _tag: "BounceInjected", id, qp: status._tag === "Queued" ? status.qp : undefined }
  })

/** A recipient that turned up again after a crash would fail and be reported again. */
const recipientsGone = (tools: QueueTools, id: MessageNumber.MessageNumber) =>
  Effect.forEach(
    channels,
    (channel) =>
      Effect.ignore(
        tools.files.syncDirectory(directoryOf(tools, MessageNumber.channelFile(channel, id, tools.store.split)))
      ),
    { concurrency: "unbounded", discard: true }
  )

const copy = (tools: QueueTools, entry: QueueEntry, file: string) =>
  opened(tools, file, "read", (fd) =>
    Effect.gen(function* () {
      for (;;) {
        const piece = yield* tools.files.read(fd, pieceBytes, null)
        if (piece.length === 0) return
        yield* entry.put(piece)
      }
    })
  )

/** For good: it must not be sent again, nor added to. */
export const remove = ({ files, store }: QueueTools, id: MessageNumber.MessageNumber): Effect.Effect<Fact> =>
  orIfAbsent(files.unlink(store.path(MessageNumber.bounce(id))), () => undefined).pipe(
    Effect.andThen(files.syncDirectory(store.path("bounce"))),
    Effect.match({
      onFailure: (): Fact => ({ _tag: "BounceRemoved", id, ok: false }),
      onSuccess: (): Fact => ({ _tag: "BounceRemoved", id, ok: true })
    })
  )

const pieceBytes = 65536
