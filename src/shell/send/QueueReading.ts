/** Finds out what is in the queue when qmail-send starts, what is new in todo/, and writes down when all is due. */
import * as Effect from "effect/Effect"
import type { FoundMessage } from "../../core/delivery/FoundMessage.ts"
import type { Command, Fact } from "../../core/delivery/SendState.ts"
import { channelFile, info, type MessageNumber, todo } from "../../core/queue/MessageNumber.ts"
import * as DueQueue from "../../core/retry/DueQueue.ts"
import { type Channel, channels } from "../../core/route/Channel.ts"
import { EpochSeconds } from "../../core/Time.ts"
import { type FilesError } from "../platform/Files.ts"
import { below, callsAtOnce, exists, names, type QueueTools } from "./QueueTools.ts"

type CommandOf<Tag extends Command["_tag"]> = Extract<Command, { readonly _tag: Tag }>

const unreadable = (directory: string, wanted: Command) => (): Fact => ({
  _tag: "DirectoryUnreadable",
  directory,
  wanted
})

/** Reads one subdirectory after the other. */
export const reader = (tools: QueueTools) => {
  // todo/ is looked at once: while we read nothing leaves it, and what is new in it has no info yet.
  let inTodo: ReadonlySet<MessageNumber> | undefined
  const messagesIn = Effect.fnUntraced(function* (subdirectory: number) {
    inTodo ??= new Set(yield* names(tools, "todo"))
    const there = new Set<string>()
    for (const channel of channels)
      for (const id of yield* names(tools, `${channel}/${subdirectory}`))
        there.add(channelFile(channel, id, tools.store.split))
    const ids = (yield* names(tools, `info/${subdirectory}`)).filter((id) => !inTodo!.has(id))
    return yield* Effect.forEach(ids, (id) => withDueTimes(tools, id, (file) => Effect.succeed(there.has(file))), {
      concurrency: callsAtOnce
    })
  })
  return (command: CommandOf<"ReadQueue">): Effect.Effect<Fact> =>
    Effect.match(messagesIn(command.subdirectory), {
      onFailure: unreadable(`info/${command.subdirectory}`, command),
      onSuccess: (messages): Fact => {
        if (command.subdirectory === tools.store.split - 1) inTodo = undefined
        return { _tag: "QueueRead", subdirectory: command.subdirectory, messages }
      }
    })
}

/** One message that could not be looked at before. */
export const lookUp = (tools: QueueTools, id: MessageNumber): Effect.Effect<Fact> =>
  Effect.map(find(tools, id), (message) => ({ _tag: "MessageLookedUp", id, message }))

/** Undefined: it is not in S5. */
export const find = (tools: QueueTools, id: MessageNumber): Effect.Effect<FoundMessage | undefined> =>
  Effect.gen(function* () {
    const isPreprocessed = (yield* exists(tools, info(id, tools.store.split))) && !(yield* exists(tools, todo(id)))
    return isPreprocessed ? yield* withDueTimes(tools, id, (file) => exists(tools, file)) : undefined
  }).pipe(Effect.catch((error) => Effect.succeed<FoundMessage>({ id, due: {}, trouble: below(tools, error) })))

const withDueTimes = (
  tools: QueueTools,
  id: MessageNumber,
  has: (file: string) => Effect.Effect<boolean, FilesError>
): Effect.Effect<FoundMessage> =>
  Effect.gen(function* () {
    const due: Partial<Record<Channel, EpochSeconds>> = {}
    for (const channel of channels) {
      const file = channelFile(channel, id, tools.store.split)
      if (!(yield* has(file))) continue
      due[channel] = EpochSeconds(Math.floor((yield* tools.files.stat(tools.store.path(file))).mtime))
    }
    return { id, due }
  }).pipe(Effect.catch((error) => Effect.succeed({ id, due: {}, trouble: below(tools, error) })))

export const listTodo = (tools: QueueTools, command: CommandOf<"ListTodo">): Effect.Effect<Fact> =>
  Effect.match(names(tools, "todo"), {
    onFailure: unreadable("todo", command),
    onSuccess: (ids): Fact => ({ _tag: "TodoListed", ids })
  })

/** A time that is not written down is only due too soon, after a crash. */
export const stampOne = (tools: QueueTools, { at, channel, id }: CommandOf<"StampDueTime">): Effect.Effect<Fact> =>
  Effect.as(Effect.ignore(tools.files.utimes(tools.store.path(channelFile(channel, id, tools.store.split)), at, at)), {
    _tag: "DueTimeStamped",
    id,
    channel
  })

/** The next qmail-send finds the times in the files. */
export const stamp = (tools: QueueTools, { channels: queues }: CommandOf<"StampDueTimes">): Effect.Effect<Fact> =>
  Effect.gen(function* () {
    const failed: Array<string> = []
    for (const channel of channels)
      yield* Effect.forEach(
        DueQueue.entries(queues[channel]),
        ({ dueAt, id }) => {
          const file = channelFile(channel, id, tools.store.split)
          return Effect.catch(tools.files.utimes(tools.store.path(file), dueAt, dueAt), () =>
            Effect.sync(() => failed.push(file))
          )
        },
        { concurrency: callsAtOnce, discard: true }
      )
    return { _tag: "DueTimesStamped", failed }
  })
