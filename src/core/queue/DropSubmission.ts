/**
 * What must be on disk before another account's message waits for the owner of the home?
 *
 * The account writes a file of its own into `drop`, under a name that nobody takes for a message, and syncs it. Only then
 * it counts what it has there: of two that write at once, the later one to count sees both whole, so that all together
 * never exceed the limits. The rename makes the file a message; once that is durable the caller is told so.
 */
import { type ByteString, concat, empty } from "../Bytes.ts"
import * as Checksum from "../Checksum.ts"
import * as EnvelopeRecords from "../envelope/EnvelopeRecords.ts"
import { impossible, on, type Step, step } from "../Machine.ts"
import type { Errno, ExitCode } from "../Outcome.ts"
import * as DropFile from "./DropFile.ts"
import * as DropName from "./DropName.ts"

/** Does this caller's message wait for the owner? Root works as the owner, and in qmail's homes there is a set-uid program. */
export const mustWait = (facts: {
  readonly owners: "one" | "many"
  readonly ownerUid: number
  readonly effectiveUid: number
}): boolean => facts.owners === "one" && facts.effectiveUid !== 0 && facts.effectiveUid !== facts.ownerUid

/** May files be left in this directory? They must come to the owner, and nobody else may remove or read them. */
export const isUsable = (
  drop: { readonly kind: string; readonly uid: number; readonly mode: number },
  ownerUid: number
): boolean => drop.kind === "directory" && drop.uid === ownerUid && (drop.mode & 0o3000) === 0o3000

export interface Birth {
  readonly uid: number
  readonly id: string
  readonly limits: DropName.Limits
}

/** What has been written. */
interface Written {
  readonly textBytes: number
  readonly envelopeBytes: number
  readonly checksum: number
}

export type State =
  | { readonly _tag: "Creating"; readonly birth: Birth }
  | { readonly _tag: "WritingText"; readonly birth: Birth; readonly before: Uint8Array; readonly written: Written }
  | {
      readonly _tag: "WritingEnvelope"
      readonly birth: Birth
      readonly before: Uint8Array
      readonly written: Written
      readonly reading: EnvelopeRecords.Reading
    }
  | { readonly _tag: "Syncing"; readonly birth: Birth }
  | { readonly _tag: "Counting"; readonly birth: Birth }
  | { readonly _tag: "Naming"; readonly birth: Birth }
  | { readonly _tag: "SyncingName"; readonly birth: Birth }
  | { readonly _tag: "Queued" }
  /** Exit code 0: a message to nobody, of which nothing is left. */
  | { readonly _tag: "Abandoned"; readonly exitCode: ExitCode; readonly custom: ByteString }

export type Event =
  /** What the caller says. */
  | { readonly _tag: "TextCame"; readonly bytes: Uint8Array }
  | { readonly _tag: "TextEnded" }
  | { readonly _tag: "EnvelopeCame"; readonly bytes: Uint8Array }
  | { readonly _tag: "CallerLeft" }
  /** What the disk says. */
  | { readonly _tag: "Created" }
  | { readonly _tag: "Written" }
  | { readonly _tag: "Synced" }
  /** What this account has in the directory, this message included. */
  | { readonly _tag: "Counted"; readonly messages: number; readonly bytes: number }
  | { readonly _tag: "Named" }
  | { readonly _tag: "NameSynced" }
  | { readonly _tag: "Failed"; readonly errno: Errno }

export type Command =
  | { readonly _tag: "Create"; readonly name: ByteString }
  | { readonly _tag: "Write"; readonly bytes: Uint8Array }
  | { readonly _tag: "Sync" }
  | { readonly _tag: "Count" }
  | { readonly _tag: "Rename"; readonly from: ByteString; readonly to: ByteString }
  | { readonly _tag: "SyncDirectory" }
  /** These two are not answered. */
  | { readonly _tag: "Forget"; readonly name: ByteString }
  | { readonly _tag: "PullTrigger" }

export type Ended = Extract<State, { readonly _tag: "Queued" | "Abandoned" }>
type Unfinished = Exclude<State, Ended>

export const isOver = (state: State): state is Ended => state._tag === "Queued" || state._tag === "Abandoned"

export const initial = (birth: Birth): Step<State, Command> =>
  step({ _tag: "Creating", birth }, { _tag: "Create", name: nameIn("new", birth) })

export const decide = (state: State, event: Event): Step<State, Command> => {
  if (event._tag === "Failed" && !isOver(state)) return failed(state, event.errno)
  if (event._tag === "CallerLeft" && !isOver(state)) return abandon(state, exitUnreadable)
  switch (state._tag) {
    case "Creating":
      return on(event, "Created", () =>
        step({
          _tag: "WritingText",
          birth: state.birth,
          before: DropFile.head(state.birth.id),
          written: { textBytes: 0, envelopeBytes: 0, checksum: Checksum.start }
        })
      )
    case "WritingText":
      return writeText(state, event)
    case "WritingEnvelope":
      return writeEnvelope(state, event)
    case "Syncing":
      return on(event, "Synced", () => step({ ...state, _tag: "Counting" }, { _tag: "Count" }))
    case "Counting":
      return on(event, "Counted", ({ bytes, messages }) => {
        const { birth } = state
        if (isOverLimit(messages, birth.limits.messages) || isOverLimit(bytes, birth.limits.bytes))
          return abandon(state, exitUnwritable, customMuch)
        return step({ _tag: "Naming", birth }, { _tag: "Rename", from: nameIn("new", birth), to: nameIn("msg", birth) })
      })
    case "Naming":
      return on(event, "Named", () => step({ ...state, _tag: "SyncingName" }, { _tag: "SyncDirectory" }))
    case "SyncingName":
      return on(event, "NameSynced", () => step({ _tag: "Queued" }, { _tag: "PullTrigger" }))
    case "Queued":
    case "Abandoned":
      return impossible(event, "submission is over")
  }
}

const nameIn = (stage: DropName.Stage, { id, uid }: Birth): ByteString => DropName.nameOf({ stage, uid, id })
const isOverLimit = (count: number, limit: number): boolean => limit > 0 && count > limit

/** The head goes out with the first piece, so that a small message costs one write. */
const writeText = (state: Extract<State, { _tag: "WritingText" }>, event: Event): Step<State, Command> => {
  const { before, birth, written } = state
  if (event._tag === "Written") return step(state)
  if (event._tag === "TextEnded")
    return step({ _tag: "WritingEnvelope", birth, before, written, reading: EnvelopeRecords.start })
  return on(event, "TextCame", ({ bytes }) => {
    const textBytes = written.textBytes + bytes.length
    if (isOverLimit(textBytes, birth.limits.bytes)) return abandon(state, exitRefused, customLarge)
    const all = concat([before, bytes])
    const checksum = Checksum.add(written.checksum, all)
    return step(
      { ...state, before: empty, written: { ...written, textBytes, checksum } },
      { _tag: "Write", bytes: all }
    )
  })
}

const writeEnvelope = (state: Extract<State, { _tag: "WritingEnvelope" }>, event: Event): Step<State, Command> => {
  const { before, birth, written } = state
  if (event._tag === "Written")
    return state.reading._tag === "Complete" ? step({ _tag: "Syncing", birth }, { _tag: "Sync" }) : step(state)
  return on(event, "EnvelopeCame", ({ bytes }) => {
    const { reading, records } = EnvelopeRecords.feed(state.reading, bytes)
    if (reading._tag === "Refused") return abandon(state, reading.exitCode)
    if (reading._tag === "Complete" && reading.recipients === 0) return abandon(state, 0)
    const envelopeBytes = written.envelopeBytes + records.length
    if (isOverLimit(envelopeBytes, birth.limits.bytes)) return abandon(state, exitRefused, customLarge)
    const all = concat([before, records])
    const now = { ...written, envelopeBytes, checksum: Checksum.add(written.checksum, all) }
    const tail = reading._tag === "Complete" ? DropFile.formatTail(now) : empty
    return step({ ...state, reading, before: empty, written: now }, { _tag: "Write", bytes: concat([all, tail]) })
  })
}

const failed = (state: Unfinished, errno: Errno): Step<State, Command> =>
  errno === "ENOSPC" || errno === "EDQUOT"
    ? abandon(state, exitUnwritable, customFull)
    : abandon(state, exitOf[state._tag])

/** Nothing is removed once the rename was asked for and may have been made. */
const abandon = (state: Unfinished, exitCode: ExitCode, custom: ByteString = ""): Step<State, Command> => {
  const ended: State = { _tag: "Abandoned", exitCode, custom }
  const isMine = state._tag !== "Creating" && state._tag !== "SyncingName"
  return isMine ? step(ended, { _tag: "Forget", name: nameIn("new", state.birth) }) : step(ended)
}

/** As qmail-queue's, for the same kinds of trouble. */
const exitOf = {
  Creating: 63,
  WritingText: 53,
  WritingEnvelope: 53,
  Syncing: 53,
  Counting: 62,
  Naming: 66,
  SyncingName: 66
} as const satisfies Record<Unfinished["_tag"], ExitCode>

const exitRefused = 31
const exitUnwritable = 53
const exitUnreadable = 54

/** For descriptor 6. */
const customFull: ByteString = "Zqq disk full (#4.3.1)"
const customMuch: ByteString = "Zqq more mail of this account waits than may (#4.3.1)"
const customLarge: ByteString = "Dqq message too large to wait for the server (#5.3.4)"
