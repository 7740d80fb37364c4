/** What is a server told that takes mail for the queue, and what may it order? SMTP, QMTP and QMQP alike. */
import type { ByteString } from "../Bytes.ts"
import type { Envelope } from "../envelope/Envelope.ts"
import type { ExitCode } from "../Outcome.ts"
import type { QueueStatus } from "../queue/QueueStatus.ts"

/** `now`: seconds since 1970. */
export type Event =
  | { readonly _tag: "BytesReceived"; readonly bytes: Uint8Array; readonly now: number }
  /** The answer to FinishMessage. */
  | { readonly _tag: "QueueAnswered"; readonly status: QueueStatus; readonly now: number }
  | { readonly _tag: "PeerEnded" }
  | { readonly _tag: "TimedOut" }
  /** The server stops: a message under way is still taken. */
  | { readonly _tag: "ShutdownRequested" }

export type Command =
  | { readonly _tag: "Reply"; readonly text: ByteString }
  | { readonly _tag: "OpenMessage" }
  | { readonly _tag: "PutMessage"; readonly bytes: Uint8Array }
  /** All replies before it are sent first; then no input is read until the queue has answered. */
  | { readonly _tag: "FinishMessage"; readonly envelope: Envelope }
  | { readonly _tag: "AbandonMessage" }
  | { readonly _tag: "Close"; readonly exitCode: ExitCode }

/** Puts a command behind the others; replies without anything between them become one. */
export const add = (commands: Array<Command>, command: Command): void => {
  const last = commands[commands.length - 1]
  if (command._tag === "Reply" && last?._tag === "Reply")
    commands[commands.length - 1] = { _tag: "Reply", text: last.text + command.text }
  else commands.push(command)
}

export const reply = (text: ByteString): Command => ({ _tag: "Reply", text })
export const close = (exitCode: ExitCode): Command => ({ _tag: "Close", exitCode })
