/** Takes a message from S4 to S5: info/N and the channel files are durable before todo/N goes. */
import * as Effect from "effect/Effect"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import type { Trouble } from "../../core/delivery/LogLines.ts"
import type { Command, Preprocessed, Told } from "../../core/delivery/SendState.ts"
import * as MessageNumber from "../../core/queue/MessageNumber.ts"
import * as QueuePreprocess from "../../core/queue/QueuePreprocess.ts"
import type { RecipientRecord } from "../../core/queue/RecipientFile.ts"
import { type Channel, channels } from "../../core/route/Channel.ts"
import { EpochSeconds } from "../../core/Time.ts"
import { type FilesError, orIfAbsent } from "../platform/Files.ts"
import type { Hint } from "../queue/MessageHints.ts"
import { directoryOf, modePrivate, opened, type QueueTools } from "./QueueTools.ts"
import * as StraightTodo from "./StraightTodo.ts"
import { currentSeconds } from "../home/SendControls.ts"

type Order = Extract<Command, { readonly _tag: "PreprocessTodo" }>

/** What could not be done, as the log says it. */
interface Stopped {
  readonly kind: Trouble
  readonly file: string
}

/** A new file of the queue. Pieces are held back until they are worth a write. */
interface Draft {
  readonly file: string
  readonly fd: number
  pieces: Array<ByteString>
  held: number
  /** Bytes so far. */
  length: number
  /** Undefined when there are too many to remember. */
  records: Array<RecipientRecord> | undefined
}

interface Work {
  readonly tools: QueueTools
  readonly order: Order
  readonly hint: Hint | undefined
  readonly drafts: Map<Channel | "info", Draft>
  readonly told: Array<Told>
  bytes: number
  birth: number
}

export const preprocess = (tools: QueueTools, order: Order): Effect.Effect<Preprocessed> =>
  Effect.suspend(() => {
    const hint = tools.hints.take(order.id)
    return order.straight
      ? Effect.flatMap(StraightTodo.read(tools, order, hint), (left) =>
          left === undefined ? settle(tools, order, hint) : Effect.succeed(left)
        )
      : settle(tools, order, hint)
  })

const settle = (tools: QueueTools, order: Order, hint: Hint | undefined): Effect.Effect<Preprocessed> =>
  Effect.suspend(() => {
    const work: Work = { tools, order, hint, drafts: new Map(), told: [], bytes: 0, birth: 0 }
    return writeFiles(work).pipe(
      Effect.ensuring(closeAll(work)),
      Effect.andThen(keepBirth(work)),
      Effect.andThen(removeTodo(work)),
      Effect.match({ onFailure: (trouble) => resultOf(work, trouble), onSuccess: () => resultOf(work, undefined) })
    )
  })

const resultOf = ({ birth, bytes, drafts, order, told }: Work, trouble: Stopped | undefined): Preprocessed => {
  const recipients: Partial<Record<Channel, { records?: ReadonlyArray<RecipientRecord> }>> = {}
  for (const channel of channels) {
    const draft = drafts.get(channel)
    if (draft !== undefined) recipients[channel] = draft.records === undefined ? {} : { records: draft.records }
  }
  const started = drafts.has("info")
  const { id, routes } = order
  const found = { id, routes, started, settled: true, bytes, told, birth: EpochSeconds(birth), recipients }
  return { ...found, ...(trouble !== undefined && { trouble }) }
}

/** A message whose first attempt came before its files is as old as that attempt. */
const keepBirth = ({ order: { birth, id }, tools: { files, store } }: Work): Effect.Effect<void> =>
  birth === undefined
    ? Effect.void
    : Effect.ignore(files.utimes(store.path(MessageNumber.info(id, store.split)), birth, birth))

const writeFiles = (work: Work): Effect.Effect<void, Stopped> =>
  Effect.suspend(() => {
    const { hint, tools } = work
    if (hint !== undefined) return digest(work, oncePiece(hint), hint)
    const todo = MessageNumber.todo(work.order.id)
    return opened(tools, todo, "read", (fd) =>
      digest(work, stopping(tools.files.read(fd, pieceBytes, null), "read", todo), undefined)
    ).pipe(Effect.mapError((error) => ("kind" in error ? error : { kind: "open", file: todo })))
  })

const digest = Effect.fnUntraced(function* (
  work: Work,
  next: Effect.Effect<Uint8Array, Stopped>,
  hint: Hint | undefined
) {
  const { files, store } = work.tools
  const mess = MessageNumber.mess(work.order.id, store.split)
  work.bytes = hint?.bytes ?? (yield* stopping(files.stat(store.path(mess)), "stat", mess)).bytes
  work.birth = work.order.birth ?? (yield* currentSeconds)
  yield* createInfo(work, hint !== undefined)
  let state = QueuePreprocess.initial(work.order.routes)
  for (let piece = yield* next; piece.length > 0; piece = yield* next) {
    const step = QueuePreprocess.feed(state, piece)
    state = step.state
    for (const command of step.commands) yield* write(work, command)
    if (state.refused) {
      yield* flush(work.tools, work.drafts.get("info")!)
      return yield* Effect.fail<Stopped>({ kind: "todoRecord", file: MessageNumber.todo(work.order.id) })
    }
    for (const draft of work.drafts.values()) if (draft.held >= holdBytes) yield* flush(work.tools, draft)
  }
  yield* allDone([...work.drafts.values()].map((draft) => sync(work.tools, draft)))
})

/** Files of an earlier attempt go first. A server knows of its own new messages that there was none. */
const createInfo = (work: Work, isNew: boolean): Effect.Effect<void, Stopped> => {
  const file = MessageNumber.info(work.order.id, work.tools.store.split)
  const anew = Effect.andThen(removeStale(work), stopping(create(work.tools, file), "create", file))
  const created = isNew ? Effect.catch(create(work.tools, file), () => anew) : anew
  return Effect.map(created, (draft) => void work.drafts.set("info", draft))
}

const removeStale = ({ order: { id }, tools: { files, store } }: Work): Effect.Effect<void, Stopped> =>
  Effect.forEach(
    [
      ...channels.map((channel) => MessageNumber.channelFile(channel, id, store.split)),
      MessageNumber.info(id, store.split)
    ],
    (file) =>
      stopping(
        orIfAbsent(files.unlink(store.path(file)), () => undefined),
        "unlink",
        file
      ),
    { discard: true }
  )

const write = (work: Work, command: QueuePreprocess.Command): Effect.Effect<void, Stopped> => {
  if (command._tag === "WriteSender") {
    work.told.push(command)
    return Effect.sync(() => append(work.drafts.get("info")!, QueuePreprocess.senderRecord(command.sender)))
  }
  const { channel, recipient } = command
  const draft = work.drafts.get(channel)
  if (draft !== undefined) return Effect.sync(() => addRecipient(draft, recipient))
  const file = MessageNumber.channelFile(channel, work.order.id, work.tools.store.split)
  return Effect.map(stopping(create(work.tools, file), "create", file), (created) => {
    work.drafts.set(channel, created)
    addRecipient(created, recipient)
  })
}

const addRecipient = (draft: Draft, recipient: ByteString): void => {
  if (draft.records !== undefined && draft.records.length >= recordsMax) draft.records = undefined
  draft.records?.push({ position: draft.length, done: false, recipient })
  append(draft, QueuePreprocess.recipientRecord(recipient))
}

const append = (draft: Draft, text: ByteString): void => {
  draft.pieces.push(text)
  draft.held += text.length
  draft.length += text.length
}

const create = ({ files, store }: QueueTools, file: string): Effect.Effect<Draft, FilesError> =>
  Effect.map(files.open(store.path(file), "create", modePrivate), (fd) => ({
    file,
    fd,
    pieces: [],
    held: 0,
    length: 0,
    records: []
  }))

const flush = ({ files }: QueueTools, draft: Draft): Effect.Effect<void, Stopped> =>
  Effect.suspend(() => {
    const text = draft.pieces.join("")
    draft.pieces = []
    draft.held = 0
    return text === "" ? Effect.void : stopping(files.write(draft.fd, toChunk(text)), "write", draft.file)
  })

/** The content, and the name. */
const sync = (tools: QueueTools, draft: Draft): Effect.Effect<void, Stopped> => {
  const directory = directoryOf(tools, draft.file)
  return Effect.andThen(
    flush(tools, draft),
    stopping(allDone([tools.files.fsync(draft.fd), tools.files.syncDirectory(directory)]), "fsync", draft.file)
  )
}

const removeTodo = ({ order: { id }, tools }: Work): Effect.Effect<void, Stopped> =>
  Effect.orElseSucceed(tools.cleaner.clean({ _tag: "RemoveTodo", id }), () => false).pipe(
    Effect.flatMap((ok) => (ok ? Effect.void : Effect.fail<Stopped>({ kind: "clean", file: MessageNumber.todo(id) })))
  )

const closeAll = ({ drafts, tools }: Work): Effect.Effect<void> =>
  Effect.suspend(() =>
    Effect.forEach(drafts.values(), ({ fd }) => Effect.ignore(tools.files.close(fd)), { discard: true })
  )

const oncePiece = ({ todo }: Hint): Effect.Effect<Uint8Array> => {
  let next = todo
  return Effect.sync(() => {
    const piece = next
    next = nothing
    return piece
  })
}

const nothing = new Uint8Array(0)

const stopping = <A>(effect: Effect.Effect<A, FilesError>, kind: Trouble, file: string): Effect.Effect<A, Stopped> =>
  Effect.mapError(effect, () => ({ kind, file }))

/** All run at once and to their end: a descriptor must not be closed under a running fsync. */
const allDone = <E>(effects: ReadonlyArray<Effect.Effect<void, E>>): Effect.Effect<void, E> =>
  Effect.flatMap(
    Effect.forEach(effects, (effect) => Effect.result(effect), { concurrency: "unbounded" }),
    (results) => Effect.forEach(results, (result) => Effect.fromResult(result), { discard: true })
  )

const pieceBytes = 65536
const holdBytes = 65536
/** Recipients that are remembered for the first pass. */
const recordsMax = 64
