/**
 * What is answered to the client, and what is queued?
 *
 * The whole server without its sockets: bytes come in, replies and parts of messages go out; the same for
 * qmail-smtpd, for the daemon, and however the bytes are cut into chunks. A message is streamed to the queue
 * while it arrives; nothing of it is kept here.
 *
 * From: qmail-smtpd.c. RFC 5321.
 */
import { type ByteString, concat, empty, fromChunk, toChunk } from "../Bytes.ts"
import type { Envelope } from "../envelope/Envelope.ts"
import * as GrowingList from "../GrowingList.ts"
import { countHops, type HopCount, noHops, receivedFromNetwork } from "../header/TraceFields.ts"
import { impossible, on, type Step, step } from "../Machine.ts"
import * as MailIntake from "../intake/MailIntake.ts"
import * as ForeignProtocol from "./ForeignProtocol.ts"
import * as SmtpBody from "./SmtpBody.ts"
import * as SmtpCommand from "./SmtpCommand.ts"
import type { Client, SmtpPolicy } from "../intake/SmtpPolicy.ts"
import * as SmtpReply from "./SmtpReply.ts"
import * as SmtpTransaction from "./SmtpTransaction.ts"

export type Event = MailIntake.Event
export type Command = MailIntake.Command

/** What outlives a command. */
export interface Session {
  readonly policy: SmtpPolicy
  readonly client: Client
  readonly helo: ByteString | undefined
  readonly transaction: SmtpTransaction.Transaction | undefined
  /** Since the last accepted message. */
  readonly commands: number
  /** A line that was not empty has been read. */
  readonly hasBegun: boolean
  readonly stopping: boolean
}

/** A message between 354 and its final dot. */
interface Receiving {
  readonly _tag: "Receiving"
  readonly session: Session
  readonly envelope: Envelope
  readonly body: SmtpBody.BodyState
  readonly hops: HopCount
  /** Our Received field, until it is put in front of the first text. */
  readonly head: Uint8Array
  readonly bytes: number
  /** Too big or looping: what is still to come is not for the queue. */
  readonly abandoned: boolean
}

export type State =
  | { readonly _tag: "Talking"; readonly session: Session; readonly line: SmtpCommand.Partial }
  | Receiving
  /** `rest`: what the client sent after its final dot. */
  | { readonly _tag: "Queueing"; readonly session: Session; readonly rest: Uint8Array }
  | { readonly _tag: "Over" }

export const initial = ({ client, policy }: { readonly policy: SmtpPolicy; readonly client: Client }): Reaction =>
  step(
    talking({ policy, client, helo: undefined, transaction: undefined, commands: 0, hasBegun: false, stopping: false }),
    reply(SmtpReply.greeting(policy.greeting))
  )

export const isOver = (state: State): boolean => state._tag === "Over"

type Reaction = Step<State, Command>

export const decide = (state: State, event: Event): Reaction => {
  switch (state._tag) {
    case "Talking":
    case "Receiving":
      switch (event._tag) {
        case "BytesReceived":
          return consume(state, event.bytes, event.now)
        case "PeerEnded":
          return step(over, ...undo(state), close(1))
        case "TimedOut":
          return step(over, ...undo(state), reply(timeoutOf(state.session.policy)), close(1))
        case "ShutdownRequested":
          return state._tag === "Talking"
            ? step(over, reply(SmtpReply.shuttingDown), close(1))
            : step({ ...state, session: { ...state.session, stopping: true } })
        case "QueueAnswered":
          return impossible(event, "nothing was handed to the queue")
      }
      break
    case "Queueing":
      return on(event, "QueueAnswered", ({ now, status }) => {
        const accepted = status._tag === "Queued"
        const text = accepted
          ? SmtpReply.accepted(now, status.qp)
          : SmtpReply.refusedByQueue(status.outcome, status.text)
        const next = afterMessage(accepted ? { ...state.session, commands: 0 } : state.session)
        return consume(next.state, state.rest, now, [reply(text), ...next.commands])
      })
    case "Over":
      return impossible(event, "the session is over")
  }
}

/** Takes all of the chunk, or as much as there is before the queue must answer. */
const consume = (state: State, chunk: Uint8Array, now: number, before: ReadonlyArray<Command> = []): Reaction => {
  const commands: Array<Command> = []
  const add = (command: Command): void => MailIntake.add(commands, command)
  before.forEach(add)
  let current = state
  for (let at = 0; at < chunk.length;) {
    if (current._tag === "Queueing") {
      current = { ...current, rest: chunk.slice(at) }
      break
    }
    if (current._tag === "Over") break
    const turn = current._tag === "Talking" ? talk(current, chunk, at, now) : receive(current, chunk, at)
    current = turn.state
    at = turn.next
    turn.commands.forEach(add)
  }
  return { state: current, commands }
}

/** A step that ate the chunk up to `next`. */
interface Turn extends Reaction {
  readonly next: number
}

const talk = (
  { line, session }: State & { readonly _tag: "Talking" },
  chunk: Uint8Array,
  at: number,
  now: number
): Turn => {
  const { commandsMax, lineBytesMax } = session.policy.limits
  if (isForeign(session, line, chunk, at))
    return { ...step<State, Command>(over, reply(SmtpReply.otherProtocol), close(1)), next: chunk.length }
  const read = SmtpCommand.readLine(line, chunk, at, lineBytesMax)
  if (read._tag === "Unfinished")
    return { state: { _tag: "Talking", session, line: read.partial }, commands: [], next: chunk.length }
  const hasBegun = session.hasBegun || read._tag === "TooLong" || read.text !== ""
  const counted = { ...session, commands: session.commands + 1, hasBegun }
  if (counted.commands > commandsMax)
    return { ...step<State, Command>(over, reply(SmtpReply.tooManyCommands), close(1)), next: read.next }
  const reaction =
    read._tag === "TooLong"
      ? step(talking(counted), reply(SmtpReply.lineTooLong))
      : session.policy.isStrict && read.text.includes("\0")
        ? step(talking(counted), reply(SmtpReply.nulInCommand))
        : answer(counted, SmtpCommand.parse(read.text), now)
  return { ...reaction, next: read.next }
}

/** Only the first line tells, and what is behind it is dropped unread. Empty lines before it mean nothing. */
const isForeign = (
  { hasBegun, policy: { foreignCommands } }: Session,
  line: SmtpCommand.Partial,
  chunk: Uint8Array,
  at: number
): boolean => {
  if (hasBegun || line.tooLong || foreignCommands === undefined) return false
  const bytesMax = ForeignProtocol.openingBytesMax
  const opening = line.text.slice(0, bytesMax) + fromChunk(chunk, at, Math.min(chunk.length, at + bytesMax))
  return ForeignProtocol.isForeign(opening, foreignCommands)
}

const answer = (session: Session, { argument, verb }: SmtpCommand.SmtpCommand, now: number): Reaction => {
  const { policy } = session
  const say = (text: ByteString, then: Session = session): Reaction => step(talking(then), reply(text))
  switch (verb) {
    case "rcpt": {
      const verdict = SmtpTransaction.rcpt(session, argument)
      if (verdict.endsSession === true) return step<State, Command>(over, reply(verdict.reply), close(1))
      return say(verdict.reply, { ...session, transaction: verdict.transaction })
    }
    case "mail": {
      const verdict = SmtpTransaction.mail(session, argument)
      return say(verdict.reply, { ...session, transaction: verdict.transaction })
    }
    case "data":
      return beginMessage(session, now)
    case "quit":
      return step(over, reply(SmtpReply.bye(policy.greeting)), close(0))
    case "helo":
      return say(SmtpReply.helo(policy.greeting), { ...session, helo: argument, transaction: undefined })
    case "ehlo": {
      const size = policy.offersSize ? policy.dataBytes : undefined
      return say(SmtpReply.ehlo(policy.greeting, size), { ...session, helo: argument, transaction: undefined })
    }
    case "rset":
      return say(SmtpReply.flushed, { ...session, transaction: undefined })
    case "help":
      return say(SmtpReply.help)
    case "noop":
      return say(SmtpReply.ok)
    case "vrfy":
      return say(SmtpReply.vrfy)
    default: // not a union of ours: whatever a client may say
      return say(SmtpReply.unknownCommand)
  }
}

const beginMessage = (session: Session, now: number): Reaction => {
  const { client, helo, transaction } = session
  if (transaction === undefined) return step(talking(session), reply(SmtpReply.mailFirst))
  const recipients = GrowingList.toArray(transaction.recipients)
  if (recipients.length === 0) return step(talking(session), reply(SmtpReply.rcptFirst))
  const head = receivedFromNetwork({ ...client, protocol: "SMTP", helo, time: now })
  return step<State, Command>(
    {
      _tag: "Receiving",
      session: { ...session, transaction: undefined },
      envelope: { sender: transaction.sender, recipients },
      body: SmtpBody.initial,
      hops: noHops,
      head: toChunk(head),
      bytes: 0,
      abandoned: false
    },
    { _tag: "OpenMessage" },
    reply(SmtpReply.goAhead)
  )
}

const receive = (state: Receiving, chunk: Uint8Array, at: number): Turn => {
  const decoded = SmtpBody.decode(state.body, chunk, at)
  const hops = state.hops.inHeader ? countHops(state.hops, chunk.subarray(at, decoded.next)) : state.hops
  const { dataBytes, hopsMax } = state.session.policy
  const bytes = state.bytes + decoded.text.length
  const looping = hops.hops >= hopsMax
  const refused = looping || (dataBytes > 0 && bytes > dataBytes)
  const commands: Array<Command> = []
  if (refused && !state.abandoned) commands.push({ _tag: "AbandonMessage" })
  const isLast = decoded.end === "final dot"
  const putsHead = state.head.length > 0 && (decoded.text.length > 0 || isLast)
  if (!refused && (putsHead || decoded.text.length > 0))
    commands.push({ _tag: "PutMessage", bytes: putsHead ? concat([state.head, decoded.text]) : decoded.text })
  const next: Receiving = {
    ...state,
    body: decoded.state,
    hops,
    bytes,
    head: putsHead ? empty : state.head,
    abandoned: refused
  }
  const turn = { commands, next: decoded.next }
  switch (decoded.end) {
    case "none":
      return { ...turn, state: next }
    case "bare line feed":
      commands.push(...undo(next), reply(SmtpReply.bareLineFeed), close(1))
      return { ...turn, state: over }
    case "final dot": {
      if (!refused) {
        commands.push({ _tag: "FinishMessage", envelope: state.envelope })
        return { ...turn, state: { _tag: "Queueing", session: state.session, rest: empty } }
      }
      const after = afterMessage(state.session)
      commands.push(reply(looping ? SmtpReply.looping : SmtpReply.tooBig), ...after.commands)
      return { ...turn, state: after.state }
    }
  }
}

const afterMessage = (session: Session): Reaction =>
  session.stopping
    ? step<State, Command>(over, reply(SmtpReply.shuttingDown), close(1))
    : step<State, Command>(talking(session))

const timeoutOf = ({ isStrict }: SmtpPolicy): ByteString => (isStrict ? SmtpReply.closingOnTimeout : SmtpReply.timeout)

const undo = (state: State): ReadonlyArray<Command> =>
  state._tag === "Receiving" && !state.abandoned ? [{ _tag: "AbandonMessage" }] : []

const talking = (session: Session): State => ({ _tag: "Talking", session, line: SmtpCommand.noPartial })
const { close, reply } = MailIntake
const over: State = { _tag: "Over" }
