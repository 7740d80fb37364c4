/**
 * What does qmail-send know, what can happen to it, and what can it order?
 *
 * `State` is a large state in the sense of the design: the machine of SendLoop owns it and changes it in place; its
 * caller never touches it. Files of a message are named by its number; what is known of them only from reading them
 * again (after a restart) is never assumed.
 */
import type { ByteString } from "../Bytes.ts"
import type { BounceRoute } from "../bounce/BounceRoute.ts"
import * as DueQueue from "../retry/DueQueue.ts"
import type { Letter } from "../Outcome.ts"
import type { MessageNumber } from "../queue/MessageNumber.ts"
import type { RecipientRecord } from "../queue/RecipientFile.ts"
import type { Channel } from "../route/Channel.ts"
import type { Rules } from "../route/RecipientRoute.ts"
import { EpochSeconds, type Seconds } from "../Time.ts"
import type { FoundMessage } from "./FoundMessage.ts"
import type { Line, Trouble } from "./LogLines.ts"
import type { Settings } from "./SendSettings.ts"
import type { Steering, SteeringCommand, SteeringFact } from "./Steering.ts"

export type { Settings }

/** Where a reading of local/N or remote/N stopped. */
export type Next =
  | { readonly _tag: "More"; readonly position: number }
  | { readonly _tag: "End" }
  | { readonly _tag: "Trouble" }
  | { readonly _tag: "Unknown" }

export interface Told {
  readonly sender: ByteString
  readonly qp: number
  readonly uid: number
}

/** What became of todo/N. */
export interface Preprocessed {
  readonly id: MessageNumber
  /** By which the recipients were routed. */
  readonly routes: Rules
  /** The message was looked at: the log is told. */
  readonly started: boolean
  readonly bytes: number
  /** One for each sender record, in order; the first counts. */
  readonly told: ReadonlyArray<Told>
  readonly birth: EpochSeconds
  /** False: no file was written, todo/N still says it all. */
  readonly settled: boolean
  /** Undefined: no such file. `records` only if they are few. */
  readonly recipients: Readonly<Partial<Record<Channel, { readonly records?: ReadonlyArray<RecipientRecord> }>>>
  readonly trouble?: { readonly kind: Trouble; readonly file: string }
}

export type Fact =
  | { readonly _tag: "Woke" }
  | { readonly _tag: "QueueRead"; readonly subdirectory: number; readonly messages: ReadonlyArray<FoundMessage> }
  | { readonly _tag: "MessageLookedUp"; readonly id: MessageNumber; readonly message: FoundMessage | undefined }
  | SteeringFact
  | { readonly _tag: "DirectoryUnreadable"; readonly directory: string; readonly wanted: Command }
  | { readonly _tag: "TodoPulled"; readonly ids: ReadonlyArray<MessageNumber> | "scan" }
  | { readonly _tag: "TodoListed"; readonly ids: ReadonlyArray<MessageNumber> }
  | { readonly _tag: "TodoPreprocessed"; readonly result: Preprocessed }
  | {
      readonly _tag: "PassOpened"
      readonly id: MessageNumber
      readonly channel: Channel
      readonly sender: ByteString
      readonly birth: EpochSeconds
      readonly records: ReadonlyArray<RecipientRecord>
      readonly next: Next
    }
  | { readonly _tag: "PassNotOpened"; readonly id: MessageNumber; readonly channel: Channel; readonly file: string }
  | {
      readonly _tag: "RecipientsRead"
      readonly id: MessageNumber
      readonly channel: Channel
      readonly records: ReadonlyArray<RecipientRecord>
      readonly next: Next
    }
  | { readonly _tag: "Reported"; readonly channel: Channel; readonly slot: number; readonly report: ByteString }
  | {
      readonly _tag: "RecipientMarked"
      readonly id: MessageNumber
      readonly channel: Channel
      readonly position: number
      readonly ok: boolean
    }
  | { readonly _tag: "BounceAppended"; readonly id: MessageNumber }
  | { readonly _tag: "BounceNotAppended"; readonly wanted: Command }
  | {
      readonly _tag: "RecipientsRemoved"
      readonly id: MessageNumber
      readonly channel: Channel
      readonly ok: boolean
      readonly other: "absent" | "present" | "unknown"
      readonly hasBounce: "no" | "perhaps"
    }
  | {
      readonly _tag: "MessageInspected"
      readonly id: MessageNumber
      readonly verdict:
        | { readonly _tag: "Finished"; readonly sender: ByteString; readonly hasBounce: boolean }
        /** Another channel or todo has it, or it is gone. */
        | { readonly _tag: "NotOurs" }
        | { readonly _tag: "Unreadable"; readonly file?: string }
    }
  | { readonly _tag: "BounceInjected"; readonly id: MessageNumber; readonly qp: number | undefined }
  | { readonly _tag: "BounceRemoved"; readonly id: MessageNumber; readonly ok: boolean }
  | {
      readonly _tag: "MessageEnded"
      readonly id: MessageNumber
      readonly result: "removed" | "infoStays" | "messStays"
    }
  | {
      readonly _tag: "StraightEnded"
      readonly id: MessageNumber
      readonly result: "removed" | "todoStays" | "messStays"
    }
  | { readonly _tag: "MessSwept"; readonly subdirectory: number; readonly abandoned: ReadonlyArray<MessageNumber> }
  | { readonly _tag: "AbandonedRemoved"; readonly id: MessageNumber; readonly ok: boolean }
  | {
      readonly _tag: "ControlsReread"
      readonly outcome:
        | { readonly _tag: "Read"; readonly settings: Settings }
        | { readonly _tag: "Unchanged" }
        | { readonly _tag: "Failed"; readonly what?: string }
    }
  | { readonly _tag: "DueTimesStamped"; readonly failed: ReadonlyArray<string> }
  | { readonly _tag: "DueTimeStamped"; readonly id: MessageNumber; readonly channel: Channel }
  | { readonly _tag: "SpawnerLost"; readonly channel: Channel }
  | { readonly _tag: "CleanerLost" }
  | { readonly _tag: "StopAsked" }
  | { readonly _tag: "RunAllAsked" }
  | { readonly _tag: "RereadAsked" }

export interface Event {
  readonly now: EpochSeconds
  readonly fact: Fact
}

/** All but `Log`, `StartDelivery` and `Exit` are answered by one fact. */
export type Command =
  | { readonly _tag: "Log"; readonly line: Line }
  /** QueueRead */
  | { readonly _tag: "ReadQueue"; readonly subdirectory: number }
  /** MessageLookedUp */
  | { readonly _tag: "LookUpMessage"; readonly id: MessageNumber }
  | SteeringCommand
  /** TodoListed */
  | { readonly _tag: "ListTodo" }
  /**
   * TodoPreprocessed: info and recipients durable, then intd and todo removed. With `straight` a message to one
   * recipient may be left as it is, in S4. `birth`: when it was first preprocessed, if it was left so.
   */
  | {
      readonly _tag: "PreprocessTodo"
      readonly id: MessageNumber
      readonly routes: Rules
      readonly straight: boolean
      readonly birth?: EpochSeconds
    }
  /** StraightEnded: todo durably gone, then intd and mess */
  | { readonly _tag: "EndStraight"; readonly id: MessageNumber }
  /** PassOpened, PassNotOpened */
  | { readonly _tag: "OpenPass"; readonly id: MessageNumber; readonly channel: Channel }
  /** RecipientsRead */
  | {
      readonly _tag: "ReadRecipients"
      readonly id: MessageNumber
      readonly channel: Channel
      readonly position: number
    }
  /** In the end Reported, or SpawnerLost */
  | {
      readonly _tag: "StartDelivery"
      readonly channel: Channel
      readonly slot: number
      readonly id: MessageNumber
      readonly sender: ByteString
      readonly recipient: ByteString
    }
  /** RecipientMarked */
  | { readonly _tag: "MarkRecipient"; readonly id: MessageNumber; readonly channel: Channel; readonly position: number }
  /** BounceAppended, BounceNotAppended */
  | { readonly _tag: "AppendBounce"; readonly id: MessageNumber; readonly text: ByteString; readonly durable: boolean }
  /** RecipientsRemoved. If the file stays, `unmarked` must be marked. If `alone`, there is no other channel's file. */
  | {
      readonly _tag: "RemoveRecipients"
      readonly id: MessageNumber
      readonly channel: Channel
      readonly unmarked: number | undefined
      readonly alone: boolean
      readonly hasBounce: "no" | "perhaps"
    }
  /** MessageInspected */
  | { readonly _tag: "InspectMessage"; readonly id: MessageNumber }
  /** BounceInjected */
  | {
      readonly _tag: "InjectBounce"
      readonly id: MessageNumber
      readonly route: Extract<BounceRoute, { readonly _tag: "Notice" }>
      readonly from: ByteString
      readonly host: ByteString
      readonly classic: boolean
    }
  /** BounceRemoved */
  | { readonly _tag: "RemoveBounce"; readonly id: MessageNumber }
  /** MessageEnded: info durably gone, then intd and mess */
  | { readonly _tag: "EndMessage"; readonly id: MessageNumber }
  /** MessSwept */
  | { readonly _tag: "SweepMess"; readonly subdirectory: number }
  /** AbandonedRemoved */
  | { readonly _tag: "RemoveAbandoned"; readonly id: MessageNumber }
  /** ControlsReread */
  | { readonly _tag: "RereadControls"; readonly settings: Settings; readonly asked: boolean }
  /** DueTimeStamped */
  | { readonly _tag: "StampDueTime"; readonly id: MessageNumber; readonly channel: Channel; readonly at: EpochSeconds }
  /** DueTimesStamped */
  | { readonly _tag: "StampDueTimes"; readonly channels: Readonly<Record<Channel, DueQueue.DueQueue>> }
  | { readonly _tag: "Exit" }

/** A message on a channel while a pass reads its recipients or deliveries run. */
export interface Job {
  readonly id: MessageNumber
  readonly channel: Channel
  readonly sender: ByteString
  /** The pass, each delivery, and each mark that is being written. */
  refs: number
  passOpen: boolean
  /** Recipients not done; known when the first pass came to its end. */
  remaining: number
  counted: boolean
  retryAt: EpochSeconds
  lastAttempt: boolean
  /** Positions of recipients that are being delivered to or marked. */
  readonly inFlight: Set<number>
  /** Stands in the channel's queue although it is open. */
  scheduled: boolean
  /** There is no file of the other channel. */
  readonly alone: boolean
  hasBounce: "no" | "perhaps"
  /** No file was written for it: todo/N has it until its one recipient is reported. */
  straight: boolean
}

export interface Pass {
  readonly job: Job
  records: ReadonlyArray<RecipientRecord>
  at: number
  next: Next
  reading: boolean
  /** Deliveries since this message got its turn. */
  started: number
}

export interface Delivery {
  readonly job: Job
  /** As the log calls it. */
  readonly number: number
  readonly position: number
  readonly recipient: ByteString
  readonly lastAttempt: boolean
}

/** A message whose recipients are still in memory: its first pass need not read them. */
export interface FreshMessage {
  readonly id: MessageNumber
  readonly dueAt: EpochSeconds
  readonly birth: EpochSeconds
  readonly sender: ByteString
  readonly records: ReadonlyArray<RecipientRecord>
  readonly alone: boolean
  readonly straight: boolean
}

export interface ChannelState {
  readonly channel: Channel
  readonly due: DueQueue.DueQueue
  readonly fresh: Array<FreshMessage>
  readonly jobs: Map<MessageNumber, Job>
  /** The first one is served. */
  readonly passes: Array<Pass>
  /** Its files are being opened. */
  opening: MessageNumber | undefined
  readonly slots: Array<Delivery | undefined>
  used: number
  alive: boolean
}

export interface Append {
  /** Being written. */
  current: ReadonlyArray<AppendWaiter>
  readonly waiting: Array<AppendWaiter>
}
export interface AppendWaiter {
  readonly text: ByteString
  readonly job: Job
  readonly position: number
}

/** A message of one recipient between todo/N and its first report. */
export interface Straight {
  /** By which its recipient was routed: if it must be settled, it is settled so. */
  readonly routes: Rules
  readonly birth: EpochSeconds
  /** The report that waits until the message is settled. */
  held?: { readonly delivery: Delivery; readonly letter: Letter | undefined; readonly text: ByteString }
}

export interface State {
  settings: Settings
  /** The latest turn's time. */
  seenAt: EpochSeconds
  phase: "Loading" | "Running" | "Stopping" | "Stamping" | "Over"
  /** While loading. */
  runAllWanted: boolean
  readonly channels: Readonly<Record<Channel, ChannelState>>
  /** Messages that no channel has. */
  readonly done: DueQueue.DueQueue
  /** Messages whose files could not be looked at. */
  readonly fail: DueQueue.DueQueue
  readonly finishing: Set<MessageNumber>
  /** `53` or `local 53`: a command about this message, or this file of it, is not answered, and no job knows of it. */
  readonly underway: Set<string>
  bouncing: number
  readonly bouncesWaiting: Array<Extract<Command, { readonly _tag: "InjectBounce" }>>
  readonly appends: Map<MessageNumber, Append>
  /** Messages that are tried straight from todo/. */
  readonly straight: Map<MessageNumber, Straight>
  readonly todo: {
    readonly waiting: Array<MessageNumber>
    /** Waiting or being preprocessed. */
    readonly known: Set<MessageNumber>
    working: number
    listing: boolean
    listAgain: boolean
    listAt: EpochSeconds
  }
  readonly steering: Steering
  readonly sweep: {
    /** Commands on their way. */
    working: number
    next: number
    at: EpochSeconds
    /** Messages that ended while a directory was looked through. */
    readonly ended: Set<MessageNumber>
  }
  /** Commands that failed and are tried again. */
  later: Array<{ readonly at: EpochSeconds; readonly command: Command }>
  /** Deliveries so far. */
  deliveries: number
  /** Commands that are not answered yet. */
  pending: number
  stopBy: EpochSeconds | undefined
  reloadAt: EpochSeconds
}

/** One call of the machine: what it may change, when, and what it orders. */
export interface Turn {
  readonly state: State
  readonly now: EpochSeconds
  readonly commands: Array<Command>
}

export const log = (turn: Turn, line: Line): void => void turn.commands.push({ _tag: "Log", line })

/** Orders what will be answered. */
export const ask = (turn: Turn, command: Command): void => {
  turn.state.pending++
  turn.commands.push(command)
}

/** A command that waits is still one that is not answered. */
export const askLater = (turn: Turn, command: Command, seconds: Seconds): void => {
  turn.state.pending++
  turn.state.later.push({ at: EpochSeconds(turn.now + seconds), command })
}

export const isStopping = (state: State): boolean => state.phase !== "Running" && state.phase !== "Loading"

/** Seconds before something that failed for local reasons is tried again. (SLEEP_SYSFAIL) */
export const sysfail: Seconds = 123
