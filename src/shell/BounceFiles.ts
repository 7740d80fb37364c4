/** Writes bounce/N, and sends it back as a new message. */
import * as Effect from "effect/Effect"
import { toChunk } from "../core/Bytes.ts"
import * as BounceNotice from "../core/bounce/BounceNotice.ts"
import type { Command, Fact } from "../core/delivery/SendState.ts"
import * as MessageNumber from "../core/queue/MessageNumber.ts"
import { Files, type FilesError } from "./Files.ts"
import { QueueClient, type QueueEntry } from "./QueueClient.ts"
import { QueueStore } from "./QueueStore.ts"
import { currentSeconds } from "./SendControls.ts"

type CommandOf<Tag extends Command["_tag"]> = Extract<Command, { readonly _tag: Tag }>

export const make = Effect.gen(function* () {
  const files = yield* Files
  const { path, split } = yield* QueueStore
  const client = yield* QueueClient

  const append = (command: CommandOf<"AppendBounce">): Effect.Effect<Fact> => {
    const { durable, id, text } = command
    return Effect.acquireUseRelease(
      files.open(path(MessageNumber.bounce(id)), "append", modePrivate),
      (fd) => Effect.andThen(files.write(fd, toChunk(text)), durable ? files.fsync(fd) : Effect.void),
      (fd) => Effect.ignore(files.close(fd))
    ).pipe(
      Effect.andThen(durable ? files.syncDirectory(path("bounce")) : Effect.void),
      Effect.match({
        onFailure: (): Fact => ({ _tag: "BounceNotAppended", wanted: command }),
        onSuccess: (): Fact => ({ _tag: "BounceAppended", id })
      })
    )
  }

  const copy = (entry: QueueEntry, file: string): Effect.Effect<void, FilesError> =>
    Effect.acquireUseRelease(
      files.open(path(file), "read"),
      Effect.fnUntraced(function* (fd: number) {
        for (;;) {
          const piece = yield* files.read(fd, pieceBytes, null)
          if (piece.length === 0) return
          yield* entry.put(piece)
        }
      }),
      (fd) => Effect.ignore(files.close(fd))
    )

  const inject = ({ from, host, id, route }: CommandOf<"InjectBounce">): Effect.Effect<Fact> =>
    Effect.gen(function* () {
      const { about, envelope, isDouble } = route
      const notice = { now: yield* currentSeconds, from, host, to: envelope.recipients[0]!, isDouble, about }
      const entry = yield* client.open("bounce")
      const status = yield* entry.put(toChunk(BounceNotice.head(notice))).pipe(
        Effect.andThen(copy(entry, MessageNumber.bounce(id))),
        Effect.andThen(entry.put(toChunk(BounceNotice.tail(notice)))),
        Effect.andThen(copy(entry, MessageNumber.mess(id, split))),
        Effect.andThen(entry.finish(envelope)),
        Effect.catch(() => entry.abandon)
      )
      return { _tag: "BounceInjected", id, qp: status._tag === "Queued" ? status.qp : undefined }
    })

  return { append, inject }
})

const modePrivate = 0o600
const pieceBytes = 65536
