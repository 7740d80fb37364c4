/** What a server orders of its disk thread, and what that says. All of it is data: it goes from thread to thread. */
import type { Report } from "../../core/delivery/SpawnReport.ts"
import type { CleanRequest } from "../../core/queue/CleanRequest.ts"
import type { MessageNumber } from "../../core/queue/MessageNumber.ts"
import type * as QueueInjection from "../../core/queue/QueueInjection.ts"
import type { Outcome, QueueRequest } from "../../core/admin/QueueRequest.ts"
import type { Hint } from "../queue/MessageHints.ts"
import type { DeliveryOrder } from "../send/Spawner.ts"
import type { StraightEnd } from "../queue/StraightEnd.ts"

export type Order =
  /** A whole message, from S1 to S4. */
  | {
      readonly _tag: "Inject"
      readonly birth: QueueInjection.Birth
      readonly text: Uint8Array
      /** As qmail-queue reads it. */
      readonly envelope: Uint8Array
    }
  /** To a mailbox. */
  | { readonly _tag: "Deliver"; readonly delivery: DeliveryOrder }
  | { readonly _tag: "Clean"; readonly request: CleanRequest }
  | { readonly _tag: "EndStraight"; readonly id: MessageNumber }
  /** By the administrator. */
  | { readonly _tag: "Edit"; readonly request: QueueRequest }

interface Answers {
  readonly Inject: QueueInjection.Ended
  readonly Deliver: Report
  /** False: something could not be removed. */
  readonly Clean: boolean
  readonly EndStraight: StraightEnd
  readonly Edit: ReadonlyArray<Outcome>
}

export type AnswerTo<O extends Order> = Answers[O["_tag"]]
export type Answer = AnswerTo<Order>

export type ToThread =
  | { readonly _tag: "Ordered"; readonly number: number; readonly order: Order }
  /** The answer comes all the same, when everything has been left in order. */
  | { readonly _tag: "Interrupted"; readonly number: number }

export type FromThread =
  /** Undefined: interrupted, or a bug. */
  | { readonly _tag: "Answered"; readonly number: number; readonly answer: Answer | undefined }
  /** By an injection or a forward. */
  | { readonly _tag: "Queued"; readonly id: MessageNumber; readonly hint: Hint | undefined }
