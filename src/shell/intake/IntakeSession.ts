/**
 * One client who brings mail, by whatever protocol: what arrives goes to the protocol's machine, and what that orders
 * is done, in its order.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { ByteString } from "../../core/Bytes.ts"
import type { Machine } from "../../core/Machine.ts"
import type { ExitCode } from "../../core/Outcome.ts"
import type * as MailIntake from "../../core/intake/MailIntake.ts"
import type { Connection, Incoming } from "../platform/Connections.ts"
import { QueueClient, type QueueEntry } from "../queue/QueueClient.ts"

/** Ends with the exit code of the machine's Close. Replies are sent together, before each wait. */
export const run = Effect.fnUntraced(function* <Input, State>(
  machine: Machine<Input, State, MailIntake.Event, MailIntake.Command>,
  connection: Connection,
  input: Input
) {
  const queue = yield* QueueClient
  const clock = yield* Clock.Clock
  const now = () => Math.floor(clock.currentTimeMillisUnsafe() / 1000)
  let { commands, state } = machine.initial(input)
  let entry: QueueEntry | undefined
  let replies: ByteString = ""
  for (;;) {
    let event: MailIntake.Event | undefined
    let exitCode: ExitCode | undefined
    for (const command of commands)
      switch (command._tag) {
        case "Reply":
          replies += command.text
          break
        case "OpenMessage":
          entry = yield* queue.open("network")
          break
        case "PutMessage":
          yield* entry!.put(command.bytes)
          break
        case "FinishMessage":
          if (replies !== "") yield* connection.send(replies)
          replies = ""
          event = { _tag: "QueueAnswered", status: yield* entry!.finish(command.envelope), now: now() }
          break
        case "AbandonMessage":
          yield* entry!.abandon
          break
        case "Close":
          exitCode = command.exitCode
          break
      }
    if (event === undefined && replies !== "") {
      const heard = yield* connection.send(replies)
      replies = ""
      if (!heard) event = { _tag: "PeerEnded" }
    }
    if (exitCode !== undefined) {
      yield* connection.close
      return exitCode
    }
    event ??= eventOf(yield* connection.receive, now())
    ;({ commands, state } = machine.decide(state, event))
  }
})

const eventOf = (incoming: Incoming, now: number): MailIntake.Event => {
  switch (incoming._tag) {
    case "Bytes":
      return { _tag: "BytesReceived", bytes: incoming.bytes, now }
    case "Ended":
      return { _tag: "PeerEnded" }
    case "TimedOut":
      return { _tag: "TimedOut" }
    case "StopRequested":
      return { _tag: "ShutdownRequested" }
  }
}
