/**
 * Which recipients go to which channel? (S4 to S5)
 *
 * Fed with todo/N in chunks, so that a list of any length takes no memory: out come the content of info/N, local/N
 * and remote/N, piece by piece, and what the log is told. All of it may be repeated: todo/N goes last.
 *
 * From: qmail-send.c, todo_do().
 */
import { type ByteString, fromChunk } from "../Bytes.ts"
import * as EnvelopeRecords from "../envelope/EnvelopeRecords.ts"
import { type Step, step } from "../Machine.ts"
import type { Channel } from "../route/Channel.ts"
import * as RecipientRoute from "../route/RecipientRoute.ts"
import * as RecipientFile from "./RecipientFile.ts"

export interface State {
  readonly rules: RecipientRoute.Rules
  /** The bytes of a record that is not whole yet. */
  readonly rest: ByteString
  readonly uid: number
  readonly qp: number
  readonly refused: boolean
}

export type Command =
  /** To the end of info/N; and the log is told. */
  | { readonly _tag: "WriteSender"; readonly sender: ByteString; readonly qp: number; readonly uid: number }
  /** To the end of the channel's file. */
  | { readonly _tag: "WriteRecipient"; readonly channel: Channel; readonly recipient: ByteString }

export const initial = (rules: RecipientRoute.Rules): State => ({ rules, rest: "", uid: 0, qp: 0, refused: false })

/** A record without its NUL at the end of the file is none. After `refused` nothing more is fed. */
export const feed = (state: State, chunk: Uint8Array): Step<State, Command> => {
  const text = state.rest + fromChunk(chunk)
  const commands: Array<Command> = []
  let { qp, uid } = state
  for (const { letter, value } of EnvelopeRecords.records(text)) {
    if (letter === "T") {
      const { address, channel } = RecipientRoute.route(state.rules, value)
      commands.push({ _tag: "WriteRecipient", channel, recipient: address })
    } else if (letter === "F") commands.push({ _tag: "WriteSender", sender: value, qp, uid })
    else if (letter === "u") uid = leadingDigits(value)
    else if (letter === "p") qp = leadingDigits(value)
    else return step({ ...state, qp, uid, rest: "", refused: true }, ...commands)
  }
  return { state: { ...state, qp, uid, rest: text.slice(text.lastIndexOf("\0") + 1) }, commands }
}

export interface Single {
  readonly told: Extract<Command, { readonly _tag: "WriteSender" }>
  readonly channel: Channel
  readonly recipient: ByteString
}

/** A whole todo/N with one sender and one recipient; undefined: with more, or fewer, or damaged. */
export const single = (rules: RecipientRoute.Rules, todo: Uint8Array): Single | undefined => {
  const { commands, state } = feed(initial(rules), todo)
  const [told, recipient] = commands
  return commands.length === 2 && !state.refused && told!._tag === "WriteSender" && recipient!._tag === "WriteRecipient"
    ? { told: told!, channel: recipient!.channel, recipient: recipient!.recipient }
    : undefined
}

/** The record of info/N. */
export const senderRecord = (sender: ByteString): ByteString => `F${sender}\0`

/** The record of a channel's file. */
export const recipientRecord = RecipientFile.format

const leadingDigits = (text: ByteString): number => Number(/^[0-9]*/.exec(text)![0])
