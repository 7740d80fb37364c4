/**
 * Which messages are there, and which are gone at QUIT?
 *
 * The list is made once, oldest first; numbers stay the same through the session. Nothing is deleted or moved
 * before QUIT, so that a connection that breaks loses nothing. The set of deleted numbers belongs to the machine,
 * which changes it in place: a state that was given to `decide` is used up.
 *
 * From: qmail-pop3d.c. RFC 1939, but for LAST and the numbers of STAT, which count what is deleted.
 */
import type { ByteString } from "../Bytes.ts"
import { impossible, on, type Step, step } from "../Machine.ts"
import { exitSuccess, type ExitCode } from "../Outcome.ts"
import * as SmtpCommand from "../smtp/SmtpCommand.ts"

export interface Message {
  /** `new/NAME` or `cur/NAME:2,FLAGS`. */
  readonly file: ByteString
  /** Of the file, not of what is sent. */
  readonly bytes: number
}

export type Event =
  | { readonly _tag: "BytesReceived"; readonly bytes: Uint8Array }
  /** The answers to OpenMessage. */
  | { readonly _tag: "MessageOpened" }
  | { readonly _tag: "MessageMissing" }
  /** The answer to SendMessage. */
  | { readonly _tag: "MessageSent" }
  /** The answer to Settle. `kept`: so many files could not be removed. */
  | { readonly _tag: "Settled"; readonly kept: number }
  | { readonly _tag: "PeerEnded" }
  | { readonly _tag: "TimedOut" }

export type Command =
  | { readonly _tag: "Reply"; readonly text: ByteString }
  | { readonly _tag: "OpenMessage"; readonly file: ByteString }
  /** The message that was opened, as `Pop3Text` makes it. */
  | { readonly _tag: "SendMessage"; readonly bodyLines: number }
  | {
      readonly _tag: "Settle"
      readonly removed: ReadonlyArray<ByteString>
      readonly moved: ReadonlyArray<{ readonly from: ByteString; readonly to: ByteString }>
    }
  | { readonly _tag: "Close"; readonly exitCode: ExitCode }

interface Input {
  readonly messages: ReadonlyArray<Message>
  /** Homes of our own: a command with a NUL is none. In qmail's it ends there. */
  readonly isStrict: boolean
}

interface Session extends Input {
  readonly deleted: Set<number>
  /** The highest number given to DELE since the last RSET. */
  readonly last: number
}

/** `rest`: what the client sent after the command that is under way. */
export type State =
  | { readonly _tag: "Talking"; readonly session: Session; readonly line: SmtpCommand.Partial }
  | { readonly _tag: "Opening"; readonly session: Session; readonly bodyLines: number; readonly rest: Uint8Array }
  | { readonly _tag: "Sending"; readonly session: Session; readonly rest: Uint8Array }
  | { readonly _tag: "Settling" }
  | { readonly _tag: "Over" }

type Reaction = Step<State, Command>

export const initial = (input: Input): Reaction => step(talking({ ...input, deleted: new Set(), last: 0 }), reply(ok))

export const isOver = (state: State): boolean => state._tag === "Over"

export const decide = (state: State, event: Event): Reaction => {
  switch (state._tag) {
    case "Talking":
      switch (event._tag) {
        case "BytesReceived":
          return consume(state, event.bytes)
        case "PeerEnded":
        case "TimedOut":
          return step<State, Command>({ _tag: "Over" }, close)
        case "MessageOpened":
        case "MessageMissing":
        case "MessageSent":
        case "Settled":
          return impossible(event, "nothing was asked for")
      }
      break
    case "Opening":
      if (event._tag === "MessageMissing")
        return consume(talking(state.session), state.rest, [reply("-ERR unable to open that message\r\n")])
      return on(event, "MessageOpened", () =>
        step<State, Command>({ _tag: "Sending", session: state.session, rest: state.rest }, reply(ok), {
          _tag: "SendMessage",
          bodyLines: state.bodyLines
        })
      )
    case "Sending":
      if (event._tag === "PeerEnded") return step<State, Command>({ _tag: "Over" }, close)
      return on(event, "MessageSent", () => consume(talking(state.session), state.rest))
    case "Settling":
      return on(event, "Settled", ({ kept }) =>
        step<State, Command>({ _tag: "Over" }, reply(notRemoved.repeat(kept) + ok), close)
      )
    case "Over":
      return impossible(event, "the session is over")
  }
}

const consume = (state: State, chunk: Uint8Array, before: ReadonlyArray<Command> = []): Reaction => {
  const commands: Array<Command> = [...before]
  let current = state
  for (let at = 0; at < chunk.length && current._tag === "Talking";) {
    const read = SmtpCommand.readLine(current.line, chunk, at, lineBytesMax)
    if (read._tag === "Unfinished") {
      current = { ...current, line: read.partial }
      break
    }
    at = read.next
    const turn: Reaction =
      read._tag === "TooLong" || (current.session.isStrict && read.text.includes("\0"))
        ? step(talking(current.session), reply(syntax))
        : answer(current.session, SmtpCommand.parse(read.text))
    current = turn.state
    commands.push(...turn.commands)
    if (current._tag === "Opening") current = { ...current, rest: chunk.slice(at) }
  }
  return { state: current, commands }
}

const answer = (session: Session, { argument, verb }: SmtpCommand.SmtpCommand): Reaction => {
  const say = (text: ByteString, then: Session = session): Reaction => step(talking(then), reply(text))
  switch (verb) {
    case "quit":
      return quit(session)
    case "stat":
      return say(`+OK ${session.messages.length} ${bytesLeft(session)}\r\n`)
    case "list":
      return say(listing(session, argument, ({ bytes }) => `${bytes}`))
    case "uidl":
      return say(listing(session, argument, ({ file }) => file.slice("new/".length).replace(/:.*$/s, "")))
    case "dele": {
      const number = numberIn(session, argument)
      if (typeof number !== "number") return say(number.refusal)
      session.deleted.add(number)
      return say(ok, { ...session, last: Math.max(session.last, number) })
    }
    case "retr":
    case "top": {
      const number = numberIn(session, argument)
      if (typeof number !== "number") return say(number.refusal)
      const lines = /^ *([0-9]+)/.exec(argument.replace(/^[0-9]+/, ""))?.[1]
      const { file } = session.messages[number - 1]!
      const bodyLines = lines === undefined ? Infinity : Number(lines)
      return step<State, Command>(
        { _tag: "Opening", session, bodyLines, rest: new Uint8Array(0) },
        { _tag: "OpenMessage", file }
      )
    }
    case "rset":
      return say(ok, { ...session, deleted: new Set(), last: 0 })
    case "last":
      return say(`+OK ${session.last}\r\n`)
    case "noop":
      return say(ok)
    default: // whatever a client may say
      return say("-ERR unimplemented\r\n")
  }
}

/** The number of a message that is there, from 1, or why it is none. (msgno) */
const numberIn = ({ deleted, messages }: Session, argument: ByteString): number | { readonly refusal: ByteString } => {
  const digits = /^[0-9]+/.exec(argument)?.[0]
  if (digits === undefined) return { refusal: syntax }
  const number = Number(digits)
  if (number === 0) return { refusal: "-ERR messages are counted from 1\r\n" }
  if (number > messages.length) return { refusal: "-ERR not that many messages\r\n" }
  return deleted.has(number) ? { refusal: "-ERR already deleted\r\n" } : number
}

const listing = (session: Session, argument: ByteString, shown: (message: Message) => ByteString): ByteString => {
  const { deleted, messages } = session
  if (argument !== "") {
    const number = numberIn(session, argument)
    return typeof number === "number" ? `+OK ${number} ${shown(messages[number - 1]!)}\r\n` : number.refusal
  }
  const lines = messages.map((message, i) => (deleted.has(i + 1) ? "" : `${i + 1} ${shown(message)}\r\n`))
  return `${ok}${lines.join("")}.\r\n`
}

const bytesLeft = ({ deleted, messages }: Session): number =>
  messages.reduce((sum, { bytes }, i) => (deleted.has(i + 1) ? sum : sum + bytes), 0)

/** What was new has been seen, whether it was fetched or not. */
const quit = ({ deleted, messages }: Session): Reaction => {
  const files = messages.map(({ file }, i) => ({ file, isDeleted: deleted.has(i + 1) }))
  return step<State, Command>(
    { _tag: "Settling" },
    {
      _tag: "Settle",
      removed: files.filter(({ isDeleted }) => isDeleted).map(({ file }) => file),
      moved: files
        .filter(({ file, isDeleted }) => !isDeleted && file.startsWith("new/"))
        .map(({ file }) => ({ from: file, to: `cur/${file.slice("new/".length)}:2,` }))
    }
  )
}

const talking = (session: Session): State => ({ _tag: "Talking", session, line: SmtpCommand.noPartial })
const reply = (text: ByteString): Command => ({ _tag: "Reply", text })
const close: Command = { _tag: "Close", exitCode: exitSuccess }

export const ok = "+OK \r\n"
export const syntax = "-ERR syntax error\r\n"
const notRemoved = "-ERR unable to unlink all deleted messages\r\n"
/** Before there is a session. */
export const noMaildir = "-ERR this user has no $HOME/Maildir\r\n"
export const unreadable = "-ERR unable to scan $HOME/Maildir\r\n"

/** qmail has no limit; no command of POP3 is longer than a few hundred bytes (RFC 2449, 4). */
export const lineBytesMax = 16_384
