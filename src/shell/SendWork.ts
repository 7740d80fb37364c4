/** What qmail-send orders is done here: each command becomes an effect whose answer is the fact. */
import * as Effect from "effect/Effect"
import { bounce, channelFile, info, type MessageNumber, todo } from "../core/queue/MessageNumber.ts"
import * as QueueSweep from "../core/queue/QueueSweep.ts"
import type { Command, Fact, FoundMessage } from "../core/delivery/SendState.ts"
import * as DueQueue from "../core/retry/DueQueue.ts"
import { channels } from "../core/route/Channel.ts"
import * as BounceFiles from "./BounceFiles.ts"
import { Cleaner } from "./Cleaner.ts"
import { type Controls } from "./Controls.ts"
import { Files, FilesError, orIfAbsent } from "./Files.ts"
import { type Home } from "./Home.ts"
import { QueueStore } from "./QueueStore.ts"
import * as RecipientFiles from "./RecipientFiles.ts"
import { currentSeconds, type Manner, rereader } from "./SendControls.ts"
import * as TodoPreprocessor from "./TodoPreprocessor.ts"

type CommandOf<Tag extends Command["_tag"]> = Extract<Command, { readonly _tag: Tag }>
export type Slow = Exclude<Command, { readonly _tag: "Log" | "StartDelivery" | "Exit" }>

export const make = Effect.fnUntraced(function* (manner: Manner) {
  const services = yield* Effect.context<Controls | Home>()
  const reread = yield* rereader(manner)
  const preprocess = yield* TodoPreprocessor.make
  const recipients = yield* RecipientFiles.make
  const bounces = yield* BounceFiles.make
  const queue = yield* queueWork(recipients)

  return (command: Slow): Effect.Effect<Fact> => {
    switch (command._tag) {
      case "ReadQueue":
        return queue.read(command)
      case "LookUpMessage":
        return Effect.map(recipients.lookUp(command.id), (message) => ({ _tag: "MessageLookedUp", message }))
      case "ListTodo":
        return queue.listTodo(command)
      case "PreprocessTodo":
        return Effect.map(preprocess(command.id, command.routes), (result) => ({ _tag: "TodoPreprocessed", result }))
      case "OpenPass":
        return recipients.openPass(command)
      case "ReadRecipients":
        return recipients.readRecipients(command)
      case "MarkRecipient": {
        const { channel, id, position } = command
        return Effect.map(recipients.mark(id, channel, position), (ok) => ({
          _tag: "RecipientMarked",
          id,
          channel,
          position,
          ok
        }))
      }
      case "AppendBounce":
        return bounces.append(command)
      case "RemoveRecipients":
        return recipients.remove(command)
      case "InspectMessage":
        return queue.inspect(command.id)
      case "InjectBounce":
        return bounces.inject(command)
      case "RemoveBounce":
        return queue.removeBounce(command.id)
      case "EndMessage":
        return queue.end(command.id)
      case "SweepMess":
        return queue.sweep(command)
      case "RemoveAbandoned":
        return queue.removeAbandoned(command.id)
      case "RereadControls":
        return Effect.map(reread(command.settings, command.asked), (outcome) => ({
          _tag: "ControlsReread",
          outcome
        })).pipe(Effect.provideContext(services)) as Effect.Effect<Fact>
      case "StampDueTimes":
        return queue.stamp(command)
    }
  }
})

const queueWork = Effect.fnUntraced(function* (recipients: Effect.Success<typeof RecipientFiles.make>) {
  const files = yield* Files
  const store = yield* QueueStore
  const cleaner = yield* Cleaner
  const { path, split } = store
  const names = (directory: string) =>
    Effect.map(files.list(path(directory)), (found) => found.filter((name) => /^[1-9][0-9]{0,18}$/.test(name)))
  const unreadable = (directory: string, wanted: Command) => (): Fact => ({
    _tag: "DirectoryUnreadable",
    directory,
    wanted
  })
  const orLost = (request: Parameters<typeof cleaner.clean>[0], fact: (ok: boolean) => Fact): Effect.Effect<Fact> =>
    Effect.match(cleaner.clean(request), { onFailure: () => fact(false), onSuccess: fact })

  /** Whether a message has todo is asked of one look at the directory: nothing new is in S5 before we are ready. */
  let queuedAtStart: ReadonlySet<string> | undefined
  const readMessages = Effect.fnUntraced(function* (subdirectory: number) {
    queuedAtStart ??= new Set(yield* names("todo"))
    const there = new Set<string>()
    for (const channel of channels)
      for (const id of yield* names(`${channel}/${subdirectory}`)) there.add(channelFile(channel, id, split))
    const ids = yield* names(`info/${subdirectory}`)
    for (const id of ids) {
      there.add(info(id, split))
      if (queuedAtStart.has(id)) there.add(todo(id))
    }
    const found = yield* Effect.forEach(
      ids,
      (id) => recipients.lookUp(id, (file) => Effect.sync(() => there.has(file))),
      { concurrency: statsAtOnce }
    )
    return found.filter((message): message is FoundMessage => message !== undefined)
  })
  const read = (command: CommandOf<"ReadQueue">): Effect.Effect<Fact> =>
    Effect.match(readMessages(command.subdirectory), {
      onFailure: unreadable(`info/${command.subdirectory}`, command),
      onSuccess: (messages): Fact => {
        if (command.subdirectory === split - 1) queuedAtStart = undefined
        return { _tag: "QueueRead", subdirectory: command.subdirectory, messages }
      }
    })

  const listTodo = (command: CommandOf<"ListTodo">): Effect.Effect<Fact> =>
    Effect.match(names("todo"), {
      onFailure: unreadable("todo", command),
      onSuccess: (ids): Fact => ({ _tag: "TodoListed", ids })
    })

  const inspect = (id: MessageNumber): Effect.Effect<Fact> =>
    Effect.gen(function* () {
      for (const file of [...channels.map((channel) => channelFile(channel, id, split)), todo(id)])
        if (yield* recipients.exists(file)) return { _tag: "NotOurs" } as const
      if (!(yield* recipients.exists(info(id, split)))) return { _tag: "NotOurs" } as const
      const envelope = yield* Effect.orElseSucceed(recipients.readInfo(id), () => undefined)
      const hasBounce = yield* recipients.exists(bounce(id))
      if (envelope === undefined)
        return hasBounce ? unreadableInfo : ({ _tag: "Finished", sender: "", hasBounce } as const)
      return { _tag: "Finished", sender: envelope.sender, hasBounce } as const
    }).pipe(
      Effect.catch(({ path: at }) => Effect.succeed({ _tag: "Unreadable", file: at.slice(path("").length) } as const)),
      Effect.map((verdict) => ({ _tag: "MessageInspected", id, verdict }))
    )

  const removeBounce = (id: MessageNumber): Effect.Effect<Fact> =>
    Effect.match(
      orIfAbsent(files.unlink(path(bounce(id))), () => undefined),
      {
        onFailure: (): Fact => ({ _tag: "BounceRemoved", id, ok: false }),
        onSuccess: (): Fact => ({ _tag: "BounceRemoved", id, ok: true })
      }
    )

  /**
   * The number is free for another message as soon as mess/N is gone. After a crash info/N must not turn up again
   * beside it, so its removal is durable first.
   */
  const end = (id: MessageNumber): Effect.Effect<Fact> => {
    const file = path(info(id, split))
    const ended = (result: "removed" | "infoStays" | "messStays"): Fact => ({ _tag: "MessageEnded", id, result })
    return orIfAbsent(files.unlink(file), () => undefined).pipe(
      Effect.andThen(files.syncDirectory(file.slice(0, file.lastIndexOf("/")))),
      Effect.matchEffect({
        onFailure: () => Effect.succeed(ended("infoStays")),
        onSuccess: () => orLost({ _tag: "RemoveMessage", id }, (ok) => ended(ok ? "removed" : "messStays"))
      })
    )
  }

  const removeAbandoned = (id: MessageNumber): Effect.Effect<Fact> =>
    orLost({ _tag: "RemoveMessage", id }, (ok) => ({ _tag: "AbandonedRemoved", id, ok }))

  const isAbandoned = (id: MessageNumber, now: number): Effect.Effect<boolean, FilesError> =>
    Effect.gen(function* () {
      const { atime, mtime } = yield* files.stat(path(`mess/${BigInt(id) % BigInt(split)}/${id}`))
      const hasInfo = yield* recipients.exists(info(id, split))
      const hasTodo = yield* recipients.exists(todo(id))
      return QueueSweep.isAbandonedMessage({ now, atime, mtime, hasInfo, hasTodo })
    })

  /** Messages that have info are passed over without a look at their text. */
  const sweep = ({ subdirectory }: CommandOf<"SweepMess">): Effect.Effect<Fact> =>
    Effect.gen(function* () {
      const now = yield* currentSeconds
      const known = new Set(yield* names(`info/${subdirectory}`))
      const ids = (yield* names(`mess/${subdirectory}`)).filter((id) => !known.has(id))
      return yield* Effect.filter(ids, (id) => Effect.orElseSucceed(isAbandoned(id, now), () => false))
    }).pipe(
      Effect.orElseSucceed((): ReadonlyArray<MessageNumber> => []),
      Effect.map((abandoned) => ({ _tag: "MessSwept", subdirectory, abandoned }))
    )

  const stamp = ({ channels: queues }: CommandOf<"StampDueTimes">): Effect.Effect<Fact> =>
    Effect.gen(function* () {
      const failed: Array<string> = []
      for (const channel of channels)
        yield* Effect.forEach(
          DueQueue.entries(queues[channel]),
          ({ dueAt, id }) => {
            const file = channelFile(channel, id, split)
            return Effect.catch(files.utimes(path(file), dueAt, dueAt), () => Effect.sync(() => failed.push(file)))
          },
          { concurrency: statsAtOnce, discard: true }
        )
      return { _tag: "DueTimesStamped", failed } as const
    })

  return { read, listTodo, inspect, removeBounce, end, removeAbandoned, sweep, stamp }
})

const unreadableInfo = { _tag: "Unreadable" } as const

/** As many as the thread pool runs. */
const statsAtOnce = 4
