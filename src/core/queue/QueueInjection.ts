/**
 * What must be on disk before a message is queued? (S1 to S4 of INTERNALS, section 2)
 *
 * The message is born under a name of its own in pid/, then linked to the name that its inode number gives it. It and
 * its envelope are written and synced; the link from intd/N to todo/N makes it a queued message, and once that link
 * is durable the caller is told so. A state is entered on a fact, never on having asked for it. Each command but the
 * removals is answered by one event before the next is given.
 *
 * From: qmail-queue.c, main(). The syncing of directories is ours: the original trusts link().
 */
import { type ByteString, concat, empty, toChunk } from "../Bytes.ts"
import * as EnvelopeRecords from "../envelope/EnvelopeRecords.ts"
import { impossible, on, type Step, step } from "../Machine.ts"
import type { Errno, ExitCode } from "../Outcome.ts"
import type { MessageNumber } from "./MessageNumber.ts"

export interface Birth {
  /** The process id of qmail-queue, or what stands for it in a server. */
  readonly qp: number
  /** Seconds since 1970. */
  readonly time: number
  readonly uid: number
  /** The field that goes before the message. */
  readonly received: ByteString
  /** As qmail-queue: what failed is left lying where it left it, and a message to nobody is queued. */
  readonly classic: boolean
}

export type State =
  | { readonly _tag: "Naming"; readonly birth: Birth; readonly attempt: number }
  | { readonly _tag: "Linking"; readonly birth: Birth; readonly id: MessageNumber; readonly name: ByteString }
  | { readonly _tag: "Unnaming"; readonly birth: Birth; readonly id: MessageNumber }
  | {
      readonly _tag: "WritingMessage"
      readonly birth: Birth
      readonly id: MessageNumber
      /** What goes out with the next piece. */
      readonly before: Uint8Array
      readonly ended: boolean
    }
  | { readonly _tag: "CreatingEnvelope"; readonly birth: Birth; readonly id: MessageNumber; readonly again: boolean }
  | {
      readonly _tag: "WritingEnvelope"
      readonly birth: Birth
      readonly id: MessageNumber
      readonly before: Uint8Array
      readonly reading: EnvelopeRecords.Reading
    }
  | { readonly _tag: "Syncing"; readonly birth: Birth; readonly id: MessageNumber }
  | { readonly _tag: "LinkingTodo"; readonly birth: Birth; readonly id: MessageNumber }
  | { readonly _tag: "SyncingTodo"; readonly birth: Birth; readonly id: MessageNumber }
  | { readonly _tag: "Queued"; readonly id: MessageNumber }
  /** Exit code 0: a message to nobody, of which nothing is left. */
  | { readonly _tag: "Abandoned"; readonly exitCode: ExitCode; readonly custom: ByteString }

export type Event =
  /** What the caller says. */
  | { readonly _tag: "TextCame"; readonly bytes: Uint8Array }
  | { readonly _tag: "TextEnded" }
  | { readonly _tag: "EnvelopeCame"; readonly bytes: Uint8Array }
  /** The caller is gone, cannot be read, or withholds the rest. */
  | { readonly _tag: "CallerLeft" }
  /** What the disk says. */
  | { readonly _tag: "NameCreated"; readonly id: MessageNumber }
  | { readonly _tag: "MessageLinked" }
  | { readonly _tag: "NameRemoved" }
  | { readonly _tag: "MessageWritten" }
  | { readonly _tag: "EnvelopeCreated" }
  | { readonly _tag: "EnvelopeWritten" }
  | { readonly _tag: "Synced" }
  | { readonly _tag: "TodoLinked" }
  | { readonly _tag: "TodoSynced" }
  | { readonly _tag: "Failed"; readonly errno: Errno }

export type Command =
  | { readonly _tag: "CreateName"; readonly name: ByteString }
  | { readonly _tag: "LinkMessage"; readonly name: ByteString; readonly id: MessageNumber }
  | { readonly _tag: "RemoveName"; readonly name: ByteString }
  | { readonly _tag: "WriteMessage"; readonly id: MessageNumber; readonly bytes: Uint8Array }
  | { readonly _tag: "CreateEnvelope"; readonly id: MessageNumber }
  | { readonly _tag: "WriteEnvelope"; readonly id: MessageNumber; readonly bytes: Uint8Array }
  /** The message, its directory entry and the envelope: in any order, but all three. */
  | { readonly _tag: "Sync"; readonly id: MessageNumber }
  | { readonly _tag: "LinkTodo"; readonly id: MessageNumber }
  | { readonly _tag: "SyncTodo"; readonly id: MessageNumber }
  /** The next four are not answered: what cannot be removed is left to the sweep, and qmail-send looks by itself. */
  | { readonly _tag: "ForgetName"; readonly name: ByteString }
  /** Left from another message of this number, which is gone. */
  | { readonly _tag: "ForgetEnvelope"; readonly id: MessageNumber }
  /** The newest file first; each is emptied, then unlinked; if that fails the older one stays. */
  | { readonly _tag: "ForgetMessage"; readonly id: MessageNumber; readonly withEnvelope: boolean }
  | { readonly _tag: "PullTrigger"; readonly id: MessageNumber }

export type Ended = Extract<State, { readonly _tag: "Queued" | "Abandoned" }>

export const isOver = (state: State): state is Ended => state._tag === "Queued" || state._tag === "Abandoned"

export const initial = (birth: Birth): Step<State, Command> => naming(birth, 1)

export const decide = (state: State, event: Event): Step<State, Command> => {
  if (event._tag === "Failed" && !isOver(state)) return failed(state, event.errno)
  if (event._tag === "CallerLeft" && "birth" in state) return abandon(state, exitUnreadable)
  switch (state._tag) {
    case "Naming":
      return on(event, "NameCreated", ({ id }) => {
        const name = nameOf(state.birth, state.attempt)
        return step({ _tag: "Linking", birth: state.birth, id, name }, { _tag: "LinkMessage", name, id })
      })
    case "Linking":
      return on(event, "MessageLinked", () =>
        step({ _tag: "Unnaming", birth: state.birth, id: state.id }, { _tag: "RemoveName", name: state.name })
      )
    case "Unnaming":
      return on(event, "NameRemoved", () =>
        step({ ...state, _tag: "WritingMessage", before: toChunk(state.birth.received), ended: false })
      )
    case "WritingMessage":
      return writeMessage(state, event)
    case "CreatingEnvelope":
      return on(event, "EnvelopeCreated", () =>
        step({
          _tag: "WritingEnvelope",
          birth: state.birth,
          id: state.id,
          before: toChunk(EnvelopeRecords.head(state.birth.uid, state.birth.qp)),
          reading: EnvelopeRecords.start
        })
      )
    case "WritingEnvelope":
      return writeEnvelope(state, event)
    case "Syncing":
      return on(event, "Synced", () => step({ ...state, _tag: "LinkingTodo" }, { _tag: "LinkTodo", id: state.id }))
    case "LinkingTodo":
      return on(event, "TodoLinked", () => step({ ...state, _tag: "SyncingTodo" }, { _tag: "SyncTodo", id: state.id }))
    case "SyncingTodo":
      return on(event, "TodoSynced", () =>
        step({ _tag: "Queued", id: state.id }, { _tag: "PullTrigger", id: state.id })
      )
    case "Queued":
    case "Abandoned":
      return impossible(event, "injection is over")
  }
}

/** The field goes out with the first piece, so that a small message costs one write. */
const writeMessage = (state: Extract<State, { _tag: "WritingMessage" }>, event: Event): Step<State, Command> => {
  const { before, birth, id } = state
  if (event._tag === "TextCame") {
    const bytes = before.length === 0 ? event.bytes : concat([before, event.bytes])
    return step({ ...state, before: empty }, { _tag: "WriteMessage", id, bytes })
  }
  if (event._tag === "TextEnded" && before.length > 0)
    return step({ ...state, before: empty, ended: true }, { _tag: "WriteMessage", id, bytes: before })
  if (event._tag === "MessageWritten" && !state.ended) return step(state)
  if (event._tag === "MessageWritten" || event._tag === "TextEnded")
    return step({ _tag: "CreatingEnvelope", birth, id, again: false }, { _tag: "CreateEnvelope", id })
  return impossible(event, "expected text")
}

const writeEnvelope = (state: Extract<State, { _tag: "WritingEnvelope" }>, event: Event): Step<State, Command> => {
  const { before, birth, id } = state
  if (event._tag === "EnvelopeCame") {
    const { reading, records } = EnvelopeRecords.feed(state.reading, event.bytes)
    if (reading._tag === "Refused") return abandon(state, reading.exitCode)
    if (reading._tag === "Complete" && reading.recipients === 0 && !birth.classic) return abandon(state, 0)
    return step({ ...state, reading, before: empty }, { _tag: "WriteEnvelope", id, bytes: concat([before, records]) })
  }
  return on(event, "EnvelopeWritten", () =>
    state.reading._tag === "Complete" ? step({ _tag: "Syncing", birth, id }, { _tag: "Sync", id }) : step(state)
  )
}

type Unfinished = Exclude<State, Ended>

const failed = (state: Unfinished, errno: Errno): Step<State, Command> => {
  if (state._tag === "Naming" && state.attempt < attemptsMax && !isFull(errno))
    return naming(state.birth, state.attempt + 1)
  if (state._tag === "CreatingEnvelope" && errno === "EEXIST" && !state.again)
    return step(
      { ...state, again: true },
      { _tag: "ForgetEnvelope", id: state.id },
      { _tag: "CreateEnvelope", id: state.id }
    )
  return isFull(errno) && !state.birth.classic
    ? abandon(state, exitUnwritable, errno, customFull)
    : abandon(state, exitOf[state._tag], errno)
}

const abandon = (
  state: Unfinished,
  exitCode: ExitCode,
  errno: Errno = "",
  custom: ByteString = ""
): Step<State, Command> => step({ _tag: "Abandoned", exitCode, custom }, ...undo(state, exitCode, errno))

/**
 * The original removes its files where it cannot read or write, and nowhere else; the sweep of qmail-send finds them
 * 36 hours later. Nothing is removed once the link was asked for and may have been made.
 */
const undo = (state: Unfinished, exitCode: ExitCode, errno: Errno): ReadonlyArray<Command> => {
  if (state.birth.classic && exitCode !== exitUnwritable && exitCode !== exitUnreadable) return []
  switch (state._tag) {
    case "Naming":
      return []
    case "Linking":
      return [{ _tag: "ForgetName", name: state.name }]
    case "Unnaming":
    case "WritingMessage":
    case "CreatingEnvelope":
      return [{ _tag: "ForgetMessage", id: state.id, withEnvelope: false }]
    case "WritingEnvelope":
    case "Syncing":
      return [{ _tag: "ForgetMessage", id: state.id, withEnvelope: true }]
    case "LinkingTodo":
      return refusedForSure.has(errno) ? [{ _tag: "ForgetMessage", id: state.id, withEnvelope: true }] : []
    case "SyncingTodo":
      return []
  }
}

const naming = (birth: Birth, attempt: number): Step<State, Command> =>
  step({ _tag: "Naming", birth, attempt }, { _tag: "CreateName", name: nameOf(birth, attempt) })

/** Below pid/. */
const nameOf = ({ qp, time }: Birth, attempt: number): ByteString => `${qp}.${time}.${attempt}`

const isFull = (errno: Errno): boolean => errno === "ENOSPC" || errno === "EDQUOT"

/** Errors of link() after which there is no link. An input/output error leaves both possible. */
const refusedForSure: ReadonlySet<Errno> = new Set([
  "EEXIST",
  "EACCES",
  "EPERM",
  "EMLINK",
  "ENOENT",
  "ENOTDIR",
  "EROFS",
  "ENOSPC",
  "EDQUOT"
])

/** What qmail-queue exits with if the disk refuses in this state. */
const exitOf = {
  Naming: 63,
  Linking: 64,
  Unnaming: 63,
  WritingMessage: 53,
  CreatingEnvelope: 65,
  WritingEnvelope: 53,
  Syncing: 53,
  LinkingTodo: 66,
  SyncingTodo: 66
} as const satisfies Record<Unfinished["_tag"], ExitCode>

const exitUnwritable = 53
const exitUnreadable = 54

/** For descriptor 6, where it is open; then the exit code is `exitCustom`. */
const customFull: ByteString = "Zqq disk full (#4.3.1)"
export const exitCustom: ExitCode = 82

/** Names tried in pid/. (qmail-queue.c, pidopen) */
const attemptsMax = 9
