/**
 * What is answered to each recipient?
 *
 * A package is three netstrings: a message, its sender, and a netstring of recipients. Packages follow each other
 * without waiting; each is answered with a netstring a recipient, in their order, when the message is safely queued.
 * Who breaks the protocol is left without a word.
 *
 * From: qmail-qmtpd.c. https://cr.yp.to/proto/qmtp.txt
 */
import { type Address, isRecipient, isSender } from "../address/Address.ts"
import { type ByteString, fromChunk, toChunk } from "../Bytes.ts"
import * as GrowingList from "../GrowingList.ts"
import { countHops, type HopCount, noHops, receivedFromNetwork } from "../header/TraceFields.ts"
import { impossible, on, type Step, step } from "../Machine.ts"
import { exitPermanent, exitSuccess, exitTemporary, type ExitCode, letterOf } from "../Outcome.ts"
import * as MailIntake from "../intake/MailIntake.ts"
import type { QueueStatus } from "../queue/QueueStatus.ts"
import * as RcptHosts from "../relay/RcptHosts.ts"
import * as Netstring from "./Netstring.ts"
import * as QmtpText from "./QmtpText.ts"

export interface Policy {
  readonly rcptHosts: RcptHosts.RcptHosts
  /** 0 is no limit. */
  readonly dataBytes: number
  /** Infinity: loops are not looked for, as in qmail. */
  readonly hopsMax: number
  readonly recipientsMax: number
  readonly strictness: Netstring.Strictness
  /** Homes of our own: an address that names nobody, or has a control character, is refused. In qmail's only a NUL. */
  readonly isStrict: boolean
}

export interface Client {
  readonly remoteIp: ByteString
  readonly remoteHost: ByteString
  readonly remoteInfo: ByteString | undefined
  readonly localHost: ByteString
  /** Added to recipients; undefined for a stranger. */
  readonly relaySuffix: ByteString | undefined
}

export interface Session {
  readonly policy: Policy
  readonly client: Client
}

/** The package that is being read. */
interface Package {
  /** Undefined until its first byte is read. */
  readonly encoding: QmtpText.Encoding | undefined
  readonly crHeld: boolean
  readonly bytes: number
  readonly hops: HopCount
  /** The queue is being given the message. */
  readonly isOpen: boolean
  readonly sender: Address
  readonly isSenderFine: boolean
  readonly recipients: GrowingList.GrowingList<Recipient>
}

type Recipient =
  | { readonly _tag: "Accepted"; readonly address: Address }
  | { readonly _tag: "NoRelay" }
  | { readonly _tag: "Unacceptable" }
  | { readonly _tag: "TooMany" }

/** What is being read. `List` is only the length of the list; `left`: bytes of the list that are still to come. */
type Part =
  | { readonly _tag: "Message" }
  | { readonly _tag: "Sender" }
  | { readonly _tag: "List" }
  | { readonly _tag: "Recipient"; readonly left: number; readonly text: ByteString; readonly isTooLong: boolean }
  | { readonly _tag: "ListEnd" }

interface Reading {
  readonly _tag: "Reading"
  readonly session: Session
  readonly part: Part
  readonly reader: Netstring.Reader
  readonly mail: Package
}

export type State =
  | Reading
  /** `rest`: what the client sent after the package. */
  | { readonly _tag: "Queueing"; readonly session: Session; readonly mail: Package; readonly rest: Uint8Array }
  | { readonly _tag: "Over" }

type Command = MailIntake.Command
type Reaction = Step<State, Command>

export const initial = (session: Session): Reaction => step(newPackage(session))

export const isOver = (state: State): boolean => state._tag === "Over"

export const decide = (state: State, event: MailIntake.Event): Reaction => {
  switch (state._tag) {
    case "Reading":
      switch (event._tag) {
        case "BytesReceived":
          return consume(state, event.bytes, event.now, [])
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
      return on(event, "QueueAnswered", ({ now, status }) =>
        consume(newPackage(state.session), state.rest, now, [answers(state.mail, textOf(status, now))])
      )
    case "Over":
      return impossible(event, "the session is over")
  }
}

const newPackage = (session: Session): State => ({
  _tag: "Reading",
  session,
  part: { _tag: "Message" },
  reader: Netstring.start,
  mail: {
    encoding: undefined,
    crHeld: false,
    bytes: 0,
    hops: noHops,
    isOpen: false,
    sender: "",
    isSenderFine: true,
    recipients: GrowingList.empty
  }
})

const leave = ({ mail }: Reading, exitCode: ExitCode): Reaction =>
  step<State, Command>(
    { _tag: "Over" },
    ...(mail.isOpen ? [{ _tag: "AbandonMessage" } as const] : []),
    MailIntake.close(exitCode)
  )

const consume = (state: State, chunk: Uint8Array, now: number, before: ReadonlyArray<Command>): Reaction => {
  const commands: Array<Command> = [...before]
  let current = state
  for (let at = 0; at < chunk.length && current._tag !== "Over";) {
    if (current._tag === "Queueing") {
      current = { ...current, rest: chunk.slice(at) }
      break
    }
    const turn: Turn = readOn(current, chunk, at, now)
    current = turn.state
    at = turn.next
    for (const command of turn.commands) MailIntake.add(commands, command)
  }
  return { state: current, commands }
}

/** A step that ate the chunk up to `next`. */
interface Turn extends Reaction {
  readonly next: number
}

const readOn = (state: Reading, chunk: Uint8Array, at: number, now: number): Turn => {
  const { part, session } = state
  if (part._tag === "ListEnd")
    return { ...(chunk[at] === comma ? finish(state) : leave(state, exitPermanent)), next: at + 1 }
  const end = part._tag === "Recipient" ? Math.min(chunk.length, at + part.left) : chunk.length
  const piece = Netstring.read(state.reader, chunk, at, end, session.policy.strictness)
  const used = part._tag === "Recipient" ? { ...part, left: part.left - (piece.next - at) } : part
  return { ...react({ ...state, part: used }, piece, chunk.subarray(at, piece.next), now), next: piece.next }
}

const react = (state: Reading, piece: Netstring.Piece, bytes: Uint8Array, now: number): Reaction => {
  switch (piece._tag) {
    case "Malformed":
      return leave(state, exitPermanent)
    case "TooLong":
      return leave(state, exitTemporary)
    case "Unfinished":
      return state.part._tag === "Recipient" && state.part.left === 0
        ? leave(state, exitPermanent)
        : step({ ...state, reader: piece.reader })
    case "LengthRead":
      return begin({ ...state, reader: piece.reader }, piece.length, now)
    case "ContentRead":
      return content({ ...state, reader: piece.reader }, bytes)
    case "Complete":
      return complete({ ...state, reader: Netstring.start })
  }
}

/** The length of a part is known. */
const begin = (state: Reading, length: number, now: number): Reaction => {
  const { mail, part, session } = state
  switch (part._tag) {
    case "Message": {
      if (length === 0) return leave(state, exitPermanent)
      const head = receivedFromNetwork({ ...session.client, protocol: "QMTP", time: now })
      return step<State, Command>(
        { ...state, mail: { ...mail, isOpen: true } },
        { _tag: "OpenMessage" },
        { _tag: "PutMessage", bytes: toChunk(head) }
      )
    }
    case "Sender":
      return step({ ...state, mail: { ...mail, isSenderFine: length < addressBytesMax } })
    case "List":
      return step({ ...state, reader: Netstring.start, part: nextRecipient(length) })
    case "Recipient": {
      if (length >= part.left) return leave(state, exitPermanent)
      const isTooLong = length + (session.client.relaySuffix ?? "").length >= addressBytesMax
      return step({ ...state, part: { ...part, isTooLong } })
    }
    case "ListEnd":
      return step(state)
  }
}

const content = (state: Reading, bytes: Uint8Array): Reaction => {
  const { mail, part } = state
  switch (part._tag) {
    case "Message":
      return messageContent(state, bytes)
    case "Sender":
      return step(mail.isSenderFine ? { ...state, mail: { ...mail, sender: mail.sender + fromChunk(bytes) } } : state)
    case "Recipient":
      return step(part.isTooLong ? state : { ...state, part: { ...part, text: part.text + fromChunk(bytes) } })
    case "List":
    case "ListEnd":
      return step(state)
  }
}

const messageContent = (state: Reading, bytes: Uint8Array): Reaction => {
  const { mail } = state
  const { dataBytes, hopsMax } = state.session.policy
  const encoding = mail.encoding ?? QmtpText.encodingOf(bytes[0]!)
  if (encoding === undefined) return leave(state, exitPermanent)
  const body = mail.encoding === undefined ? bytes.subarray(1) : bytes
  const { crHeld, text } = QmtpText.decode(encoding, mail.crHeld, body, state.reader._tag === "Comma")
  const hops = hopsMax === Infinity || !mail.hops.inHeader ? mail.hops : countHops(mail.hops, text)
  const read = { ...mail, encoding, crHeld, hops, bytes: mail.bytes + text.length }
  if (!mail.isOpen) return step({ ...state, mail: read })
  if (refusal(read, dataBytes, hopsMax) !== undefined)
    return step<State, Command>({ ...state, mail: { ...read, isOpen: false } }, { _tag: "AbandonMessage" })
  const put: ReadonlyArray<Command> = text.length === 0 ? [] : [{ _tag: "PutMessage", bytes: text }]
  return step<State, Command>({ ...state, mail: read }, ...put)
}

const complete = (state: Reading): Reaction => {
  const { mail, part, session } = state
  switch (part._tag) {
    case "Message":
      return step({ ...state, part: { _tag: "Sender" } })
    case "Sender":
      return step({
        ...state,
        part: { _tag: "List" },
        mail: { ...mail, isSenderFine: mail.isSenderFine && fits(session.policy, mail.sender, isSender) }
      })
    case "Recipient": {
      const recipient = judge(session, part.text, part.isTooLong, mail.recipients.length)
      if (recipient === undefined) return leave(state, exitTemporary)
      const recipients = GrowingList.add(mail.recipients, recipient)
      return step({ ...state, part: nextRecipient(part.left), mail: { ...mail, recipients } })
    }
    case "List":
    case "ListEnd":
      return step(state)
  }
}

const nextRecipient = (left: number): Part =>
  left === 0 ? { _tag: "ListEnd" } : { _tag: "Recipient", left, text: "", isTooLong: false }

/** Undefined: who may be sent to cannot be read. */
const judge = (
  { client, policy }: Session,
  address: Address,
  isTooLong: boolean,
  before: number
): Recipient | undefined => {
  if (isTooLong) return { _tag: "Unacceptable" }
  const isAllowed = client.relaySuffix !== undefined || RcptHosts.allows(policy.rcptHosts, address)
  if (isAllowed === undefined) return undefined
  if (!isAllowed) return { _tag: "NoRelay" }
  if (!fits(policy, address, isRecipient)) return { _tag: "Unacceptable" }
  if (before >= policy.recipientsMax) return { _tag: "TooMany" }
  return { _tag: "Accepted", address: address + (client.relaySuffix ?? "") }
}

const fits = ({ isStrict }: Policy, address: Address, mayBe: (address: Address) => boolean): boolean =>
  isStrict ? mayBe(address) : !address.includes("\0")

const finish = ({ mail, session }: Reading): Reaction => {
  const recipients = GrowingList.toArray(mail.recipients).flatMap((recipient) =>
    recipient._tag === "Accepted" ? [recipient.address] : []
  )
  const { dataBytes, hopsMax } = session.policy
  const refused = refusal(mail, dataBytes, hopsMax) ?? (mail.isSenderFine ? undefined : "Dunacceptable sender (#5.1.7)")
  if (refused === undefined && recipients.length > 0)
    return step<State, Command>(
      { _tag: "Queueing", session, mail, rest: new Uint8Array(0) },
      { _tag: "FinishMessage", envelope: { sender: mail.sender, recipients } }
    )
  const abandon: ReadonlyArray<Command> = mail.isOpen ? [{ _tag: "AbandonMessage" }] : []
  return step<State, Command>(newPackage(session), ...abandon, answers(mail, refused ?? ""))
}

const refusal = (mail: Package, dataBytes: number, hopsMax: number): ByteString | undefined => {
  if (dataBytes > 0 && mail.bytes > dataBytes) return "Dsorry, that message size exceeds my databytes limit (#5.3.4)"
  return mail.hops.hops >= hopsMax ? "Dtoo many hops, this message is looping (#5.4.6)" : undefined
}

const textOf = (status: QueueStatus, now: number): ByteString =>
  status._tag === "Queued" ? `Kok ${now} qp ${status.qp}` : letterOf[status.outcome] + status.text

/** `result`: what became of the message, for those to whom it was to go. */
const answers = ({ recipients }: Package, result: ByteString): Command =>
  MailIntake.reply(
    GrowingList.toArray(recipients)
      .map(({ _tag }) => Netstring.format(_tag === "Accepted" ? result : refusals[_tag]))
      .join("")
  )

const refusals = {
  NoRelay: "Dsorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
  Unacceptable: "Dsorry, I can't handle that recipient (#5.1.3)",
  TooMany: "Ztoo many recipients (#4.5.3)"
}
const comma = 44

/** As many bytes an address may not have. (qmail-qmtpd.c, buf) */
const addressBytesMax = 1000
