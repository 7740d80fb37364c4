/** One SMTP client: what arrives goes to `SmtpServer`, and what it orders is done, in its order. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { ByteString } from "../core/Bytes.ts"
import type { ExitCode } from "../core/Outcome.ts"
import type { Client, SmtpPolicy } from "../core/smtp/SmtpPolicy.ts"
import * as SmtpServer from "../core/smtp/SmtpServer.ts"
import type { Connection, Incoming } from "./Connections.ts"
import { QueueClient, type QueueEntry } from "./QueueClient.ts"

/** Ends with what qmail-smtpd exits with. Replies are sent together, before each wait. */
export const run = Effect.fnUntraced(function* (
  connection: Connection,
  input: { readonly policy: SmtpPolicy; readonly client: Client }
) {
  const queue = yield* QueueClient
  const clock = yield* Clock.Clock
  const now = () => Math.floor(clock.currentTimeMillisUnsafe() / 1000)
  let { commands, state } = SmtpServer.initial(input)
  let entry: QueueEntry | undefined
  let replies: ByteString = ""
  for (;;) {
    let event: SmtpServer.Event | undefined
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
    ;({ commands, state } = SmtpServer.decide(state, event))
  }
})

const eventOf = (incoming: Incoming, now: number): SmtpServer.Event => {
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
