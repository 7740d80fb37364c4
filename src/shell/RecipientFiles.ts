/** Reads, marks and removes local/N and remote/N. */
import * as Effect from "effect/Effect"
import { type ByteString, fromChunk } from "../core/Bytes.ts"
import type { Command, Fact, FoundMessage, Next } from "../core/delivery/SendState.ts"
import * as EnvelopeRecords from "../core/envelope/EnvelopeRecords.ts"
import * as MessageNumber from "../core/queue/MessageNumber.ts"
import * as RecipientFile from "../core/queue/RecipientFile.ts"
import { type Channel, channels } from "../core/route/Channel.ts"
import { EpochSeconds } from "../core/Time.ts"
import { Files, FilesError } from "./Files.ts"
import { QueueStore } from "./QueueStore.ts"

type Id = MessageNumber.MessageNumber
type CommandOf<Tag extends Command["_tag"]> = Extract<Command, { readonly _tag: Tag }>

export interface Envelope {
  readonly sender: ByteString
  readonly birth: EpochSeconds
}

export const make = Effect.gen(function* () {
  const files = yield* Files
  const store = yield* QueueStore
  const { path, split } = store

  const opened = <A, E>(file: ByteString, how: "read" | "write", use: (fd: number) => Effect.Effect<A, E>) =>
    Effect.acquireUseRelease(files.open(file, how), use, (fd) => Effect.ignore(files.close(fd)))

  /** True, false, or the error that keeps us from knowing. */
  const exists = (file: string): Effect.Effect<boolean, FilesError> =>
    Effect.matchEffect(files.stat(path(file)), {
      onFailure: (error) => (error.errno === "ENOENT" ? Effect.succeed(false) : Effect.fail(error)),
      onSuccess: () => Effect.succeed(true)
    })

  /** The sender and the birth of a message. A file without a whole sender record is as good as unreadable. */
  const readInfo = (id: Id): Effect.Effect<Envelope, FilesError> => {
    const file = path(MessageNumber.info(id, split))
    return opened(file, "read", (fd) =>
      Effect.gen(function* () {
        const stat = yield* files.fstat(fd)
        const content = fromChunk(yield* files.read(fd, Math.max(stat.bytes, 1), 0))
        const first = EnvelopeRecords.records(content)[0]
        if (first === undefined || first.letter !== "F")
          return yield* new FilesError({ operation: "read", path: file, errno: "EINVAL" })
        return { sender: first.value, birth: EpochSeconds(Math.floor(stat.mtime)) }
      })
    )
  }

  /** A piece of the file, large enough for one record at least. */
  const readPiece = (
    fd: number,
    position: number,
    max = pieceBytes
  ): Effect.Effect<{ readonly records: ReadonlyArray<RecipientFile.RecipientRecord>; readonly next: Next }> =>
    files.read(fd, max, position).pipe(
      Effect.flatMap((bytes) => {
        const { consumed, records, unknown } = RecipientFile.parse(bytes, position)
        if (unknown) return Effect.succeed({ records, next: { _tag: "Unknown" } as const })
        if (bytes.length < max) return Effect.succeed({ records, next: { _tag: "End" } as const })
        if (consumed === 0) return readPiece(fd, position, max * 2)
        return Effect.succeed({ records, next: { _tag: "More", position: position + consumed } as const })
      }),
      Effect.orElseSucceed(() => ({ records: [], next: { _tag: "Trouble" } as const }))
    )

  const openPass = ({ channel, id }: CommandOf<"OpenPass">): Effect.Effect<Fact> => {
    const file = MessageNumber.channelFile(channel, id, split)
    const notOpened = (file: string) => ({ _tag: "PassNotOpened", id, channel, file }) as const
    return opened(path(file), "read", (fd) =>
      Effect.matchEffect(readInfo(id), {
        onFailure: (): Effect.Effect<Fact> => Effect.succeed(notOpened(MessageNumber.info(id, split))),
        onSuccess: (envelope) =>
          Effect.map(readPiece(fd, 0), (piece): Fact => ({ _tag: "PassOpened", id, channel, ...envelope, ...piece }))
      })
    ).pipe(Effect.orElseSucceed(() => notOpened(file)))
  }

  const readRecipients = ({ channel, id, position }: CommandOf<"ReadRecipients">): Effect.Effect<Fact> =>
    opened(path(MessageNumber.channelFile(channel, id, split)), "read", (fd) => readPiece(fd, position)).pipe(
      Effect.orElseSucceed(() => ({ records: [], next: { _tag: "Trouble" } as const })),
      Effect.map((piece) => ({ _tag: "RecipientsRead", id, channel, ...piece }) as const)
    )

  /** One byte, which the disk writes whole or not at all. It is not synced: at worst a delivery is repeated. */
  const mark = (id: Id, channel: Channel, position: number): Effect.Effect<boolean> =>
    opened(path(MessageNumber.channelFile(channel, id, split)), "write", (fd) =>
      files.write(fd, RecipientFile.doneMark, position)
    ).pipe(Effect.match({ onFailure: () => false, onSuccess: () => true }))

  const remove = (command: CommandOf<"RemoveRecipients">): Effect.Effect<Fact> => {
    const { alone, channel, hasBounce, id, unmarked } = command
    const other = MessageNumber.channelFile(channel === "local" ? "remote" : "local", id, split)
    const fact = (ok: boolean, other: "absent" | "present" | "unknown"): Fact => ({
      _tag: "RecipientsRemoved",
      id,
      channel,
      ok,
      other,
      hasBounce
    })
    return files.unlink(path(MessageNumber.channelFile(channel, id, split))).pipe(
      Effect.matchEffect({
        onFailure: () =>
          Effect.as(unmarked === undefined ? Effect.void : mark(id, channel, unmarked), fact(false, "unknown")),
        onSuccess: () =>
          alone
            ? Effect.succeed(fact(true, "absent"))
            : Effect.match(exists(other), {
                onFailure: () => fact(true, "unknown"),
                onSuccess: (isThere) => fact(true, isThere ? "present" : "absent")
              })
      })
    )
  }

  /** A message of S5, or nothing if it is in another state. `has`: which files exist, where that is known already. */
  const lookUp = (
    id: Id,
    has: (file: string) => Effect.Effect<boolean, FilesError> = exists
  ): Effect.Effect<FoundMessage | undefined> =>
    Effect.gen(function* () {
      const due: Partial<Record<Channel, EpochSeconds>> = {}
      for (const file of [MessageNumber.info(id, split), MessageNumber.todo(id)])
        if ((yield* has(file)) !== file.startsWith("info")) return undefined
      for (const channel of channels) {
        const file = MessageNumber.channelFile(channel, id, split)
        if (yield* has(file)) due[channel] = EpochSeconds(Math.floor((yield* files.stat(path(file))).mtime))
      }
      return { id, due }
    }).pipe(Effect.catch(({ path: at }) => Effect.succeed({ id, due: {}, trouble: at.slice(path("").length) })))

  return { exists, readInfo, openPass, readRecipients, mark, remove, lookUp }
})

const pieceBytes = 65536
