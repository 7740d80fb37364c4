/**
 * When may a file of `drop` be removed?
 *
 * When its message is queued, and that is durable; or when it turns out to be no message. Its account can change the file
 * at any moment, so what is checked is what was queued: the end of the envelope is withheld from the queue until the
 * checksum of all that was read is right. A crash between queueing and removing queues the message once more.
 */
import type { ByteString } from "../Bytes.ts"
import * as Checksum from "../Checksum.ts"
import type { Envelope } from "../envelope/Envelope.ts"
import { impossible, on, type Step, step } from "../Machine.ts"
import type { Errno } from "../Outcome.ts"
import * as DropFile from "./DropFile.ts"
import * as DropName from "./DropName.ts"
import type { QueueStatus } from "./QueueStatus.ts"

/** What became of the file. */
export type Outcome =
  | { readonly _tag: "Taken" }
  /** It is tried again at the next look. */
  | { readonly _tag: "Left"; readonly why: string }
  | { readonly _tag: "Removed"; readonly why: string }

interface Reading {
  readonly name: DropName.DropName
  readonly tail: DropFile.Tail
  /** How much of the text is left. */
  readonly left: number
  readonly sum: number
}

export type State =
  | { readonly _tag: "Opening"; readonly name: DropName.DropName }
  | { readonly _tag: "ReadingTail"; readonly name: DropName.DropName; readonly bytes: number }
  | { readonly _tag: "ReadingHead"; readonly name: DropName.DropName; readonly tail: DropFile.Tail }
  | { readonly _tag: "Beginning"; readonly reading: Reading }
  | { readonly _tag: "ReadingText"; readonly reading: Reading }
  | { readonly _tag: "Putting"; readonly reading: Reading }
  | { readonly _tag: "ReadingEnvelope"; readonly reading: Reading }
  | { readonly _tag: "Finishing"; readonly name: DropName.DropName }
  | { readonly _tag: "Emptying"; readonly name: DropName.DropName; readonly outcome: Outcome }
  | { readonly _tag: "Removing"; readonly name: DropName.DropName; readonly outcome: Outcome }
  | { readonly _tag: "Over"; readonly outcome: Outcome }

export type Event =
  | { readonly _tag: "Opened"; readonly kind: string; readonly uid: number; readonly bytes: number }
  /** Fewer than were asked for: the file was cut. */
  | { readonly _tag: "Came"; readonly bytes: Uint8Array }
  | { readonly _tag: "Begun" }
  | { readonly _tag: "Put" }
  | { readonly _tag: "Finished"; readonly status: QueueStatus }
  | { readonly _tag: "Emptied" }
  | { readonly _tag: "Removed" }
  | { readonly _tag: "Failed"; readonly errno: Errno }

export type Command =
  | { readonly _tag: "Open"; readonly name: ByteString }
  | { readonly _tag: "Read"; readonly from: number; readonly bytes: number }
  /** A message of this account is on its way into the queue. */
  | { readonly _tag: "Begin"; readonly uid: number }
  | { readonly _tag: "Put"; readonly bytes: Uint8Array }
  | { readonly _tag: "Finish"; readonly envelope: Envelope }
  /** Nothing of it is queued. Not answered. */
  | { readonly _tag: "Withhold" }
  /** Another link to it leads to an empty file. */
  | { readonly _tag: "Empty" }
  | { readonly _tag: "Remove"; readonly name: ByteString }

export const isOver = (state: State): state is Extract<State, { _tag: "Over" }> => state._tag === "Over"

export const initial = (name: DropName.DropName): Step<State, Command> =>
  step({ _tag: "Opening", name }, { _tag: "Open", name: DropName.nameOf(name) })

export const decide = (state: State, event: Event): Step<State, Command> => {
  if (event._tag === "Failed") return failed(state, event.errno)
  switch (state._tag) {
    case "Opening":
      return on(event, "Opened", ({ bytes, kind, uid }) => {
        const from = bytes - DropFile.tailBytes
        if (kind !== "file" || uid !== state.name.uid || from < DropFile.headBytes)
          return removed(state.name, noMessage)
        return step({ _tag: "ReadingTail", name: state.name, bytes }, { _tag: "Read", from, bytes: DropFile.tailBytes })
      })
    case "ReadingTail":
      return on(event, "Came", ({ bytes }) => {
        const tail = DropFile.parseTail(bytes, state.bytes)
        if (tail === undefined) return removed(state.name, noMessage)
        return step(
          { _tag: "ReadingHead", name: state.name, tail },
          { _tag: "Read", from: 0, bytes: DropFile.headBytes }
        )
      })
    case "ReadingHead":
      return on(event, "Came", ({ bytes }) => readHead(state, bytes))
    case "Beginning":
      return on(event, "Begun", () => readOn(state.reading))
    case "ReadingText":
      return on(event, "Came", ({ bytes }) => {
        const { reading } = state
        if (bytes.length === 0) return withheld(reading.name)
        const sum = Checksum.add(reading.sum, bytes)
        return step(
          { _tag: "Putting", reading: { ...reading, sum, left: reading.left - bytes.length } },
          { _tag: "Put", bytes }
        )
      })
    case "Putting":
      return on(event, "Put", () => readOn(state.reading))
    case "ReadingEnvelope":
      return on(event, "Came", ({ bytes }) => {
        const { name, sum, tail } = state.reading
        const isWhole = bytes.length === tail.envelopeBytes && Checksum.add(sum, bytes) === tail.checksum
        const envelope = isWhole ? DropFile.parseEnvelope(bytes) : undefined
        return envelope === undefined ? withheld(name) : step({ _tag: "Finishing", name }, { _tag: "Finish", envelope })
      })
    case "Finishing":
      return on(event, "Finished", ({ status }) => {
        if (status._tag === "Queued") return emptying(state.name, { _tag: "Taken" })
        return status.outcome === "permanent"
          ? removed(state.name, status.text)
          : over({ _tag: "Left", why: status.text })
      })
    case "Emptying":
      return on(event, "Emptied", () => removing(state.name, state.outcome))
    case "Removing":
      return on(event, "Removed", () => over(state.outcome))
    case "Over":
      return impossible(event, "the file has been dealt with")
  }
}

const readHead = (state: Extract<State, { _tag: "ReadingHead" }>, bytes: Uint8Array): Step<State, Command> => {
  const { name, tail } = state
  const wanted = DropFile.head(name.id)
  if (bytes.length !== wanted.length || bytes.some((byte, i) => byte !== wanted[i])) return removed(name, noMessage)
  const reading = { name, tail, left: tail.textBytes, sum: Checksum.add(Checksum.start, bytes) }
  return step({ _tag: "Beginning", reading }, { _tag: "Begin", uid: name.uid })
}

const readOn = (reading: Reading): Step<State, Command> => {
  const { left, tail } = reading
  const from = DropFile.headBytes + tail.textBytes - left
  return left > 0
    ? step({ _tag: "ReadingText", reading }, { _tag: "Read", from, bytes: Math.min(left, pieceBytes) })
    : step({ _tag: "ReadingEnvelope", reading }, { _tag: "Read", from, bytes: tail.envelopeBytes })
}

const over = (outcome: Outcome): Step<State, Command> => step({ _tag: "Over", outcome })
const emptying = (name: DropName.DropName, outcome: Outcome): Step<State, Command> =>
  step({ _tag: "Emptying", name, outcome }, { _tag: "Empty" })
const removing = (name: DropName.DropName, outcome: Outcome): Step<State, Command> =>
  step({ _tag: "Removing", name, outcome }, { _tag: "Remove", name: DropName.nameOf(name) })
const removed = (name: DropName.DropName, why: string): Step<State, Command> => removing(name, { _tag: "Removed", why })

const withheld = (name: DropName.DropName): Step<State, Command> => {
  const { commands, state } = removed(name, noMessage)
  return step(state, { _tag: "Withhold" }, ...commands)
}

/** What cannot be emptied can still be removed; what is gone was removed by its account. */
const failed = (state: State, errno: Errno): Step<State, Command> => {
  switch (state._tag) {
    case "Emptying":
      return removing(state.name, state.outcome)
    case "Removing":
      return over(errno === "ENOENT" ? state.outcome : { _tag: "Left", why: errno })
    case "ReadingText":
    case "ReadingEnvelope":
    case "Putting":
      return step({ _tag: "Over", outcome: { _tag: "Left", why: errno } }, { _tag: "Withhold" })
    case "Opening":
      // Who makes a link of it meanwhile never gave it to us.
      return errno === "ELOOP" ? removed(state.name, noMessage) : over({ _tag: "Left", why: errno })
    case "ReadingTail":
    case "ReadingHead":
    case "Beginning":
    case "Finishing":
    case "Over":
      return over({ _tag: "Left", why: errno })
  }
}

const noMessage = "it is no message"
const pieceBytes = 65536
