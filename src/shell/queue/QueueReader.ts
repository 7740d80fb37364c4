/** Reads messages out of the queue as an administrator sees them, while the queue may change under the reader. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { fromChunk } from "../../core/Bytes.ts"
import * as EnvelopeRecords from "../../core/envelope/EnvelopeRecords.ts"
import * as MessageNumber from "../../core/queue/MessageNumber.ts"
import type { QueuedMessage, QueuedRecipient } from "../../core/queue/QueuedMessage.ts"
import * as RecipientFile from "../../core/queue/RecipientFile.ts"
import { type Channel, channels } from "../../core/route/Channel.ts"
import { type FileCalls, Files, type FilesError, orIfAbsent } from "../platform/Files.ts"
import { type QueueCalls, QueueStore } from "./QueueStore.ts"

/** Every message that is queued: of todo/, then of info/. */
export const ids = Effect.gen(function* () {
  const store = yield* QueueStore
  const fresh = yield* store.list("todo")
  return [...new Set([...fresh, ...(yield* store.list("info"))])]
})

/** Undefined: not queued, or not any more. */
export const read = Effect.fnUntraced(function* (id: MessageNumber.MessageNumber) {
  const files = yield* Files
  const store = yield* QueueStore
  return yield* orIfAbsent(
    Effect.flatMap(content(files, store.path(MessageNumber.todo(id))), (todo) =>
      todo === undefined ? preprocessed(files, store, id) : fresh(files, store, id, todo)
    ),
    () => undefined
  )
})

const fresh = Effect.fnUntraced(function* (files: FileCalls, store: QueueCalls, id: string, todo: Uint8Array) {
  const envelope = Result.getOrElse(EnvelopeRecords.parse(fromChunk(todo)), () => ({ sender: "", recipients: [] }))
  const { mtime } = yield* files.stat(store.path(MessageNumber.todo(id)))
  const text = yield* files.stat(store.path(MessageNumber.mess(id, store.split)))
  const message: QueuedMessage = {
    id,
    state: "S4",
    bytes: text.bytes,
    birth: Math.floor(mtime),
    written: text.mtime,
    sender: envelope.sender,
    recipients: envelope.recipients.map((address, position) => ({
      channel: undefined,
      position,
      address,
      isDone: false
    })),
    due: {},
    isBouncing: false
  }
  return message
})

const preprocessed = Effect.fnUntraced(function* (files: FileCalls, store: QueueCalls, id: string) {
  const infoFile = store.path(MessageNumber.info(id, store.split))
  const info = EnvelopeRecords.records(fromChunk(yield* files.readFile(infoFile)))[0]
  const { mtime } = yield* files.stat(infoFile)
  const text = yield* files.stat(store.path(MessageNumber.mess(id, store.split)))
  const recipients: Array<QueuedRecipient> = []
  const due: Partial<Record<Channel, number>> = {}
  for (const channel of channels) {
    const file = store.path(MessageNumber.channelFile(channel, id, store.split))
    const records = yield* content(files, file)
    if (records === undefined) continue
    for (const { done, position, recipient } of RecipientFile.parse(records, 0).records)
      recipients.push({ channel, position, address: recipient, isDone: done })
    due[channel] = Math.floor((yield* files.stat(file)).mtime)
  }
  const isBouncing = (yield* content(files, store.path(MessageNumber.bounce(id)))) !== undefined
  const message: QueuedMessage = {
    id,
    state: "S5",
    bytes: text.bytes,
    birth: Math.floor(mtime),
    written: text.mtime,
    sender: info?.value ?? "",
    recipients,
    due,
    isBouncing
  }
  return message
})

const content = (files: FileCalls, path: string): Effect.Effect<Uint8Array | undefined, FilesError> =>
  orIfAbsent(files.readFile(path), () => undefined)
