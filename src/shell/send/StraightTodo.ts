/** A new message to one recipient is left in todo/N for its first attempt: nothing is written for it. */
import * as Effect from "effect/Effect"
import type { Command, Preprocessed } from "../../core/delivery/SendState.ts"
import * as MessageNumber from "../../core/queue/MessageNumber.ts"
import * as QueuePreprocess from "../../core/queue/QueuePreprocess.ts"
import { channels } from "../../core/route/Channel.ts"
import { EpochSeconds } from "../../core/Time.ts"
import type { FilesError } from "../platform/Files.ts"
import type { Hint } from "../queue/MessageHints.ts"
import { exists, opened, type QueueTools } from "./QueueTools.ts"
import { currentSeconds } from "../home/SendControls.ts"

type Order = Extract<Command, { readonly _tag: "PreprocessTodo" }>

/** Undefined: it has to be preprocessed, also because something in it, or about it, is not as expected. */
export const read = (
  tools: QueueTools,
  { id, routes }: Order,
  hint: Hint | undefined
): Effect.Effect<Preprocessed | undefined> =>
  Effect.gen(function* () {
    const { bytes, todo } = hint ?? (yield* fromDisk(tools, id)) ?? nothing
    const single = QueuePreprocess.single(routes, todo)
    if (single === undefined) return undefined
    const { channel, recipient, told } = single
    const birth = yield* currentSeconds
    const records = [{ position: 0, done: false, recipient }]
    const left = { id, routes, started: true, settled: false, bytes, told: [told] }
    return { ...left, birth: EpochSeconds(birth), recipients: { [channel]: { records } } }
  }).pipe(Effect.orElseSucceed(() => undefined))

const nothing: Hint = { todo: new Uint8Array(0), bytes: 0 }

/** Files of an interrupted preprocessing must not outlive the message: where there are any it goes the long way. */
const fromDisk = (tools: QueueTools, id: MessageNumber.MessageNumber): Effect.Effect<Hint | undefined, FilesError> =>
  Effect.gen(function* () {
    const { files, store } = tools
    for (const file of [
      MessageNumber.info(id, store.split),
      ...channels.map((channel) => MessageNumber.channelFile(channel, id, store.split))
    ])
      if (yield* exists(tools, file)) return undefined
    const todo = yield* opened(tools, MessageNumber.todo(id), "read", (fd) => files.read(fd, todoBytesMax, 0))
    if (todo.length === todoBytesMax) return undefined
    const { bytes } = yield* files.stat(store.path(MessageNumber.mess(id, store.split)))
    return { todo, bytes }
  })

/** More than one recipient can need. */
const todoBytesMax = 4096
