/** Reads, marks and removes local/N and remote/N. */
import * as Effect from "effect/Effect"
import { type ByteString, fromChunk } from "../../core/Bytes.ts"
import type { Command, Fact, Next } from "../../core/delivery/SendState.ts"
import * as EnvelopeRecords from "../../core/envelope/EnvelopeRecords.ts"
import * as MessageNumber from "../../core/queue/MessageNumber.ts"
import * as RecipientFile from "../../core/queue/RecipientFile.ts"
import type { Channel } from "../../core/route/Channel.ts"
import { EpochSeconds } from "../../core/Time.ts"
import { FilesError } from "../platform/Files.ts"
import { exists, opened, type QueueTools } from "./QueueTools.ts"

type Id = MessageNumber.MessageNumber
type CommandOf<Tag extends Command["_tag"]> = Extract<Command, { readonly _tag: Tag }>

/** The sender and the birth of a message. A file without a whole sender record is as good as unreadable. */
export const readInfo = (
  tools: QueueTools,
  id: Id
): Effect.Effect<{ readonly sender: ByteString; readonly birth: EpochSeconds }, FilesError> => {
  const file = MessageNumber.info(id, tools.store.split)
  return opened(tools, file, "read", (fd) =>
    Effect.gen(function* () {
      const stat = yield* tools.files.fstat(fd)
      const content = fromChunk(yield* tools.files.read(fd, Math.max(stat.bytes, 1), 0))
      const first = EnvelopeRecords.records(content)[0]
      if (first === undefined || first.letter !== "F")
        return yield* new FilesError({ operation: "read", path: tools.store.path(file), errno: "EINVAL" })
      return { sender: first.value, birth: EpochSeconds(Math.floor(stat.mtime)) }
    })
  )
}

interface Reading {
  readonly records: ReadonlyArray<RecipientFile.RecipientRecord>
  readonly next: Next
}

/** A piece of the file, large enough for one record at least. */
const readPiece = (tools: QueueTools, fd: number, position: number, max = pieceBytes): Effect.Effect<Reading> =>
  tools.files.read(fd, max, position).pipe(
    Effect.flatMap((bytes): Effect.Effect<Reading> => {
      const { consumed, records, unknown } = RecipientFile.parse(bytes, position)
      if (unknown) return Effect.succeed({ records, next: { _tag: "Unknown" } })
      if (bytes.length < max) return Effect.succeed({ records, next: { _tag: "End" } })
      if (consumed === 0) return readPiece(tools, fd, position, max * 2)
      return Effect.succeed({ records, next: { _tag: "More", position: position + consumed } })
    }),
    Effect.orElseSucceed(() => unreadable)
  )

const unreadable: Reading = { records: [], next: { _tag: "Trouble" } }

export const openPass = (tools: QueueTools, { channel, id }: CommandOf<"OpenPass">): Effect.Effect<Fact> => {
  const { split } = tools.store
  const file = MessageNumber.channelFile(channel, id, split)
  const notOpened = (file: string): Fact => ({ _tag: "PassNotOpened", id, channel, file })
  return opened(tools, file, "read", (fd) =>
    Effect.matchEffect(readInfo(tools, id), {
      onFailure: () => Effect.succeed(notOpened(MessageNumber.info(id, split))),
      onSuccess: (envelope) =>
        Effect.map(readPiece(tools, fd, 0), (piece): Fact => ({
          _tag: "PassOpened",
          id,
          channel,
          ...envelope,
          ...piece
        }))
    })
  ).pipe(Effect.orElseSucceed(() => notOpened(file)))
}

export const readRecipients = (
  tools: QueueTools,
  { channel, id, position }: CommandOf<"ReadRecipients">
): Effect.Effect<Fact> =>
  opened(tools, MessageNumber.channelFile(channel, id, tools.store.split), "read", (fd) =>
    readPiece(tools, fd, position)
  ).pipe(
    Effect.orElseSucceed(() => unreadable),
    Effect.map((piece) => ({ _tag: "RecipientsRead", id, channel, ...piece }))
  )

export const mark = (tools: QueueTools, { channel, id, position }: CommandOf<"MarkRecipient">): Effect.Effect<Fact> =>
  Effect.map(writeMark(tools, id, channel, position), (ok) => ({ _tag: "RecipientMarked", id, channel, position, ok }))

/** One byte, which the disk writes whole or not at all. It is not synced: at worst a delivery is repeated. */
const writeMark = (tools: QueueTools, id: Id, channel: Channel, position: number): Effect.Effect<boolean> =>
  opened(tools, MessageNumber.channelFile(channel, id, tools.store.split), "write", (fd) =>
    tools.files.write(fd, RecipientFile.doneMark, position)
  ).pipe(Effect.match({ onFailure: () => false, onSuccess: () => true }))

export const remove = (tools: QueueTools, command: CommandOf<"RemoveRecipients">): Effect.Effect<Fact> => {
  const { alone, channel, hasBounce, id, unmarked } = command
  const { files, store } = tools
  const other = MessageNumber.channelFile(channel === "local" ? "remote" : "local", id, store.split)
  const fact = (ok: boolean, other: "absent" | "present" | "unknown"): Fact => ({
    _tag: "RecipientsRemoved",
    id,
    channel,
    ok,
    other,
    hasBounce
  })
  return Effect.matchEffect(files.unlink(store.path(MessageNumber.channelFile(channel, id, store.split))), {
    onFailure: () =>
      Effect.as(unmarked === undefined ? Effect.void : writeMark(tools, id, channel, unmarked), fact(false, "unknown")),
    onSuccess: () =>
      alone
        ? Effect.succeed(fact(true, "absent"))
        : Effect.match(exists(tools, other), {
            onFailure: () => fact(true, "unknown"),
            onSuccess: (isThere) => fact(true, isThere ? "present" : "absent")
          })
  })
}

const pieceBytes = 65536
