/**
 * What is the one answer of a QMQP server, and what does a client make of it?
 *
 * A request is one netstring that holds others: a message, its sender, its recipients. Everything is read within the
 * outer length. The answer is one netstring, said after the last comma; who breaks the protocol gets none.
 *
 * From: qmail-qmqpd.c, qmail-qmqpc.c. https://cr.yp.to/proto/qmqp.html
 */
import { type Address, isRecipient, isSender, nobody } from "../address/Address.ts"
import * as IpAddress from "../address/IpAddress.ts"
import { type ByteString, concat, fromChunk, toChunk } from "../Bytes.ts"
import type { Envelope } from "../envelope/Envelope.ts"
import * as GrowingList from "../GrowingList.ts"
import { receivedFromNetwork } from "../header/TraceFields.ts"
import { impossible, on, type Step, step } from "../Machine.ts"
import {
  exitPermanent,
  exitSuccess,
  exitTemporary,
  type ExitCode,
  letterOf,
  type Outcome,
  outcomeOf
} from "../Outcome.ts"
import * as MailIntake from "../intake/MailIntake.ts"
import type { QueueStatus } from "../queue/QueueStatus.ts"
import * as Netstring from "./Netstring.ts"
import type { Client } from "./QmtpServer.ts"

export interface Session {
  readonly client: Omit<Client, "relaySuffix">
  readonly strictness: Netstring.Strictness
  /** As for QMTP. */
  readonly isStrict: boolean
}

/** What is being read: the outer length, the message, an address (the first is the sender), the last comma. */
type Part = "Outer" | "Message" | "Address" | "End"

interface Reading {
  readonly _tag: "Reading"
  readonly session: Session
  readonly part: Part
  readonly reader: Netstring.Reader
  /** Bytes of the outer netstring that are still to come. */
  readonly left: number
  readonly isOpen: boolean
  readonly text: ByteString
  readonly isTooLong: boolean
  readonly addresses: GrowingList.GrowingList<Address>
  /** An address was too long, or held a NUL: nothing is queued. */
  readonly isRefused: boolean
}

export type State = Reading | { readonly _tag: "Queueing" } | { readonly _tag: "Over" }

type Command = MailIntake.Command
type Reaction = Step<State, Command>

export const initial = (session: Session): Reaction =>
  step({
    _tag: "Reading",
    session,
    part: "Outer",
    reader: Netstring.start,
    left: outerLengthBytesMax,
    isOpen: false,
    text: "",
    isTooLong: false,
    addresses: GrowingList.empty,
    isRefused: false
  })

export const isOver = (state: State): boolean => state._tag === "Over"

export const decide = (state: State, event: MailIntake.Event): Reaction => {
  switch (state._tag) {
    case "Reading":
      switch (event._tag) {
        case "BytesReceived":
          return consume(state, event.bytes, event.now)
        case "PeerEnded":
          return leave(state, exitSuccess)
        case "TimedOut":
        case "ShutdownRequested":
          return leave(state, exitTemporary)
        case "QueueAnswered":
          return impossible(event, "nothing was handed to the queue")
      }
      break
    case "Queueing":
      return on(event, "QueueAnswered", ({ now, status }) => answer(textOf(status, now)))
    case "Over":
      return impossible(event, "the session is over")
  }
}

const leave = ({ isOpen }: Reading, exitCode: ExitCode): Reaction =>
  step<State, Command>(
    { _tag: "Over" },
    ...(isOpen ? [{ _tag: "AbandonMessage" } as const] : []),
    MailIntake.close(exitCode)
  )

const answer = (text: ByteString): Reaction =>
  step<State, Command>({ _tag: "Over" }, MailIntake.reply(Netstring.format(text)), MailIntake.close(exitSuccess))

const consume = (state: Reading, chunk: Uint8Array, now: number): Reaction => {
  const commands: Array<Command> = []
  let current: State = state
  for (let at = 0; at < chunk.length && current._tag === "Reading";) {
    const turn: Reaction & { readonly next: number } = readOn(current, chunk, at, now)
    current = turn.state
    at = turn.next
    commands.push(...turn.commands)
  }
  return { state: current, commands }
}

const readOn = (state: Reading, chunk: Uint8Array, at: number, now: number) => {
  if (state.part === "End")
    return { ...(chunk[at] === comma ? finish(state) : leave(state, exitPermanent)), next: at + 1 }
  const end = Math.min(chunk.length, at + state.left)
  const piece = Netstring.read(state.reader, chunk, at, end, state.session.strictness)
  const used = { ...state, left: state.left - (piece.next - at) }
  return { ...react(used, piece, chunk.subarray(at, piece.next), now), next: piece.next }
}

const react = (state: Reading, piece: Netstring.Piece, bytes: Uint8Array, now: number): Reaction => {
  switch (piece._tag) {
    case "Malformed":
      return leave(state, exitPermanent)
    case "TooLong":
      return leave(state, exitTemporary)
    case "Unfinished":
      return within({ ...state, reader: piece.reader })
    case "LengthRead":
      return begin({ ...state, reader: piece.reader }, piece.length, now)
    case "ContentRead": {
      if (state.part === "Message") return within({ ...state, reader: piece.reader }, { _tag: "PutMessage", bytes })
      return within({ ...state, reader: piece.reader, text: state.isTooLong ? "" : state.text + fromChunk(bytes) })
    }
    case "Complete":
      return complete({ ...state, reader: Netstring.start })
  }
}

/** Still in the middle of an inner netstring: the outer one may not be over. */
const within = (state: Reading, ...commands: ReadonlyArray<Command>): Reaction =>
  state.left > 0 ? step<State, Command>(state, ...commands) : leaveAfter(commands, state)

const leaveAfter = (commands: ReadonlyArray<Command>, state: Reading): Reaction => {
  const left = leave(state, exitPermanent)
  return { ...left, commands: [...commands, ...left.commands] }
}

const begin = (state: Reading, length: number, now: number): Reaction => {
  switch (state.part) {
    case "Outer":
      return within({ ...state, part: "Message", reader: Netstring.start, left: length })
    case "Message": {
      const head = receivedFromNetwork({ ...state.session.client, protocol: "QMQP", time: now })
      return within({ ...state, isOpen: true }, { _tag: "OpenMessage" }, { _tag: "PutMessage", bytes: toChunk(head) })
    }
    case "Address":
      return within({ ...state, text: "", isTooLong: length >= addressBytesMax })
    case "End":
      return step(state)
  }
}

const complete = (state: Reading): Reaction => {
  if (state.part === "Message") return within({ ...state, part: "Address" })
  const isRefused = state.isRefused || state.isTooLong || state.text.includes("\0")
  const addresses = isRefused ? GrowingList.empty : GrowingList.add(state.addresses, state.text)
  return step({ ...state, part: state.left === 0 ? "End" : "Address", isRefused, addresses })
}

const finish = (state: Reading): Reaction => {
  const [sender, ...recipients] = GrowingList.toArray(state.addresses)
  const isFine = !state.session.isStrict || (isSender(sender ?? nobody) && recipients.every(isRecipient))
  if (!state.isRefused && isFine)
    return step<State, Command>(
      { _tag: "Queueing" },
      { _tag: "FinishMessage", envelope: { sender: sender!, recipients } }
    )
  const { commands, state: over } = answer("Dsorry, I can't accept addresses like that (#5.1.3)")
  return step<State, Command>(over, { _tag: "AbandonMessage" }, ...commands)
}

const textOf = (status: QueueStatus, now: number): ByteString =>
  status._tag === "Queued" ? `Kok ${now} qp ${status.qp}` : letterOf[status.outcome] + status.text

/** The whole request of a client. */
export const request = (message: Uint8Array, { recipients, sender }: Envelope): Uint8Array => {
  const before = toChunk(`${message.length}:`)
  const after = toChunk(`,${[sender, ...recipients].map(Netstring.format).join("")}`)
  const length = before.length + message.length + after.length
  return concat([toChunk(`${length}:`), before, message, after, toChunk(",")])
}

/** What the server's bytes mean; undefined if they do not tell yet. Whatever comes before K, Z or D is skipped. */
export const readAnswer = (bytes: ByteString): Outcome | undefined => {
  const letter = /[KZD]/.exec(bytes)?.[0]
  return letter === undefined ? undefined : outcomeOf[letter as "K" | "Z" | "D"]
}

/** What a client in the place of qmail-queue exits with. */
export const exitCodeOf: Readonly<Record<Outcome, ExitCode>> = { success: exitSuccess, permanent: 31, temporary: 71 }
/** The connection broke before the answer told anything. */
export const exitBroken: ExitCode = 74
/** The last server did not answer in time, or could not be reached. */
export const exitUnconnected = (timedOut: boolean): ExitCode => (timedOut ? 72 : 73)
export const exitNoMessage: ExitCode = 54
/** There is no usable address of a server. */
export const exitNoServer: ExitCode = 55
export const exitNoHome: ExitCode = 61
export const exitMalformed: ExitCode = 91

/** The entries of control/qmqpservers that begin with an address. Only those can be asked. (qmail-qmqpc.c, doit) */
export const servers = (entries: ReadonlyArray<ByteString>): ReadonlyArray<IpAddress.IpAddress> =>
  entries
    .map((entry) => IpAddress.parse(/^[0-9]+(?:\.[0-9]+){3}/.exec(entry)?.[0] ?? entry))
    .filter((ip) => ip !== undefined)

/** The records on descriptor 1, whatever follows the empty one; undefined if they are malformed. (qmail-qmqpc.c, getmess) */
export const parseEnvelope = (bytes: ByteString): Envelope | undefined => {
  const [first, ...records] = bytes.split("\0").slice(0, -1)
  const end = records.findIndex((record) => record === "")
  const recipients = records.slice(0, Math.max(0, end))
  if (first?.[0] !== "F" || end < 0 || recipients.some((record) => record[0] !== "T")) return undefined
  return { sender: first.slice(1), recipients: recipients.map((record) => record.slice(1)) }
}

/** TCP port of QMQP servers. */
export const port = 628

const comma = 44

/** The outer length must be said in fewer bytes. (qmail-qmqpd.c, bytesleft) */
const outerLengthBytesMax = 100

/** As many bytes an address may not have. (qmail-qmqpd.c, buf) */
const addressBytesMax = 1000
