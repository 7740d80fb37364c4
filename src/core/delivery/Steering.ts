/** What does whoever sends know of the administrator's requests, what is he told of them, and what can he order? */
import type { ByteString } from "../Bytes.ts"
import type { MessageNumber } from "../queue/MessageNumber.ts"
import type { Outcome, QueueRequest, Work } from "../admin/QueueRequest.ts"
import type { FoundMessage } from "./FoundMessage.ts"

/** What is asked, and whom to answer. */
export interface FoundRequest {
  readonly asker: number
  readonly request: QueueRequest | undefined
  /** Why it cannot be understood. */
  readonly trouble?: ByteString
}

export interface BusyMessage {
  readonly id: MessageNumber
  readonly why: Work
}

export interface Steering {
  readonly waiting: Array<FoundRequest>
  applying: boolean
  /** The messages whose files are being changed: they are in no queue. */
  edited: ReadonlySet<MessageNumber>
}

export const none = (): Steering => ({ waiting: [], applying: false, edited: new Set() })

export type SteeringFact =
  | { readonly _tag: "RequestCame"; readonly found: FoundRequest }
  | {
      readonly _tag: "NotesTaken"
      /** False: they could not be looked for. */
      readonly ok: boolean
      /** Lines for the log, from the time when nobody kept one. */
      readonly notes: ReadonlyArray<ByteString>
    }
  | {
      readonly _tag: "RequestApplied"
      readonly request: QueueRequest
      readonly outcomes: ReadonlyArray<Outcome>
      readonly answered: boolean
      /** Of the messages that it was about, those that are in S5. */
      readonly messages: ReadonlyArray<FoundMessage>
    }

export type SteeringCommand =
  /** NotesTaken */
  | { readonly _tag: "TakeNotes" }
  /** RequestApplied: files changed, then looked at, then the asker told; of the `busy` ones why they are */
  | {
      readonly _tag: "ApplyRequest"
      readonly asker: number
      readonly request: QueueRequest
      readonly busy: ReadonlyArray<BusyMessage>
    }
