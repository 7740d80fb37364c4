/** What `thresher queue` says of each message that it was asked to change, and how it then ends. */
import type { ByteString } from "../Bytes.ts"
import {
  type Errno,
  type ExitCode,
  exitPermanent,
  exitSuccess,
  exitTemporary,
  isTemporary,
  systemText
} from "../Outcome.ts"
import type { MessageNumber } from "../queue/MessageNumber.ts"
import type * as QueueRequest from "./QueueRequest.ts"
import { jsonLine } from "./QueueTable.ts"

export type Action = QueueRequest.Verb | "show" | "export" | "import"

export type Outcome =
  | QueueRequest.Outcome
  /** Still in todo/. */
  | { readonly _tag: "Unsorted"; readonly id: MessageNumber }
  | { readonly _tag: "Imported"; readonly id: MessageNumber; readonly as: MessageNumber }
  /** Its export did not come to its end. */
  | { readonly _tag: "Incomplete"; readonly id: MessageNumber }
  | { readonly _tag: "Failed"; readonly id: MessageNumber; readonly errno: Errno }

/** Messages that were asked for by number, and not found. */
export const missing = (
  wanted: ReadonlySet<MessageNumber> | undefined,
  seen: ReadonlySet<MessageNumber>
): ReadonlyArray<Outcome> => [...(wanted ?? [])].filter((id) => !seen.has(id)).map((id) => ({ _tag: "NotThere", id }))

export const line = (action: Action, outcome: Outcome): ByteString => `${outcome.id}: ${text(action, outcome)}\n`

export const json = (action: Action, outcome: Outcome): ByteString => {
  const { _tag, id, ...rest } = outcome
  return jsonLine({ number: id, action, outcome: words[_tag], ...rest })
}

/** Something that another try may do counts more than something that none will. */
export const exitCode = (outcomes: ReadonlyArray<Outcome>): ExitCode => {
  const codes = outcomes.map(codeOf)
  return codes.includes(exitTemporary) ? exitTemporary : codes.includes(exitPermanent) ? exitPermanent : exitSuccess
}

const text = (action: Action, outcome: Outcome): ByteString => {
  switch (outcome._tag) {
    case "Done":
      return done[action]
    case "NotThere":
      return absent[action] ?? "no such message in the queue"
    case "Busy":
      return `${busy[outcome.why]}; nothing was changed`
    case "Unsorted":
      return "new: whoever sends sorts it first; nothing was changed"
    case "Imported":
      return `in the queue as ${outcome.as}`
    case "Incomplete":
      return "not a whole message; nothing was imported"
    case "Failed":
      return `unable to ${action}: ${systemText(outcome.errno)}`
  }
}

const codeOf = (outcome: Outcome): ExitCode => {
  switch (outcome._tag) {
    case "Done":
    case "Imported":
      return exitSuccess
    case "NotThere":
    case "Incomplete":
      return exitPermanent
    case "Busy":
    case "Unsorted":
      return exitTemporary
    case "Failed":
      return isTemporary(outcome.errno) ? exitTemporary : exitPermanent
  }
}

const done = {
  retry: "due now",
  hold: "held",
  release: "released, due now",
  bounce: "bounced",
  delete: "deleted",
  show: "shown",
  export: "exported",
  import: "imported"
} as const satisfies Record<Action, string>

const busy = {
  starting: "about to be delivered",
  delivering: "being delivered at this moment",
  recording: "just tried, and its outcome is being written down",
  ending: "done, and about to leave the queue",
  sorting: "new, and being sorted at this moment",
  reading: "being looked at again after a failure"
} as const satisfies Record<QueueRequest.Work, string>

const absent: Partial<Record<Action, string>> = {
  retry: "no such message in the queue, or it is held",
  release: "no such message in the queue, or it is not held"
}

const words = {
  Done: "done",
  NotThere: "absent",
  Busy: "busy",
  Unsorted: "new",
  Imported: "imported",
  Incomplete: "incomplete",
  Failed: "failed"
} as const satisfies Record<Outcome["_tag"], string>
