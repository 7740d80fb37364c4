/** What qmail-send orders is done here: each command becomes an effect whose answer is the fact. */
import * as Effect from "effect/Effect"
import type { Command, Fact, Settings } from "../../core/delivery/SendState.ts"
import * as BounceFiles from "./BounceFiles.ts"
import type { Door } from "../admin/AdminSocket.ts"
import * as AdminWork from "./AdminWork.ts"
import type { Controls } from "../home/Controls.ts"
import type { Files } from "../platform/Files.ts"
import * as FinishedMail from "./FinishedMail.ts"
import type { Home } from "../home/Home.ts"
import * as QueueReading from "./QueueReading.ts"
import type { QueueStore } from "../queue/QueueStore.ts"
import { gather } from "./QueueTools.ts"
import * as RecipientFiles from "./RecipientFiles.ts"
import * as TodoPreprocessor from "./TodoPreprocessor.ts"

type RereadOutcome = Extract<Fact, { readonly _tag: "ControlsReread" }>["outcome"]

/** Commands that take time. */
export type Slow = Exclude<Command, { readonly _tag: "Log" | "StartDelivery" | "Exit" }>

/** `reread`: how the control files are read again. */
export const make = Effect.fnUntraced(function* (
  door: Door,
  reread: (before: Settings, asked: boolean) => Effect.Effect<RereadOutcome>
) {
  const tools = yield* gather
  const services = yield* Effect.context<Controls | Files | Home | QueueStore>()
  const readQueue = QueueReading.reader(tools)
  return (command: Slow): Effect.Effect<Fact> => {
    switch (command._tag) {
      case "ReadQueue":
        return readQueue(command)
      case "LookUpMessage":
        return QueueReading.lookUp(tools, command.id)
      case "TakeNotes":
        return Effect.provideContext(AdminWork.takeNotes, services)
      case "ApplyRequest":
        return Effect.provideContext(AdminWork.apply(tools, door, command), services)
      case "ListTodo":
        return QueueReading.listTodo(tools, command)
      case "PreprocessTodo":
        return Effect.map(TodoPreprocessor.preprocess(tools, command), (result) => ({
          _tag: "TodoPreprocessed",
          result
        }))
      case "OpenPass":
        return RecipientFiles.openPass(tools, command)
      case "ReadRecipients":
        return RecipientFiles.readRecipients(tools, command)
      case "MarkRecipient":
        return RecipientFiles.mark(tools, command)
      case "AppendBounce":
        return BounceFiles.append(tools, command)
      case "RemoveRecipients":
        return RecipientFiles.remove(tools, command)
      case "InspectMessage":
        return FinishedMail.inspect(tools, command.id)
      case "InjectBounce":
        return BounceFiles.inject(tools, command)
      case "RemoveBounce":
        return BounceFiles.remove(tools, command.id)
      case "EndMessage":
        return FinishedMail.end(tools, command.id)
      case "EndStraight":
        return FinishedMail.endStraight(tools, command.id)
      case "SweepMess":
        return FinishedMail.sweep(tools, command)
      case "RemoveAbandoned":
        return FinishedMail.removeAbandoned(tools, command.id)
      case "RereadControls":
        return Effect.map(reread(command.settings, command.asked), (outcome): Fact => ({
          _tag: "ControlsReread",
          outcome
        }))
      case "StampDueTime":
        return QueueReading.stampOne(tools, command)
      case "StampDueTimes":
        return QueueReading.stamp(tools, command)
    }
  }
})
