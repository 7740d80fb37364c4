/**
 * Who does the client say he is, and what is he told if that is not believed?
 *
 * Names and secrets are checked by another program, which becomes the mail server of that user and talks to the
 * client itself. When it comes back, something was wrong, or the session is over.
 *
 * From: qmail-popup.c. RFC 1939, 4 and 7.
 */
import type { ByteString } from "../Bytes.ts"
import { impossible, on, type Step, step } from "../Machine.ts"
import type { ExitCode } from "../Outcome.ts"
import type { Ending } from "../queue/QueueStatus.ts"
import * as SmtpCommand from "../smtp/SmtpCommand.ts"
import { lineBytesMax, ok, syntax } from "./Pop3Server.ts"

export type Event =
  | { readonly _tag: "BytesReceived"; readonly bytes: Uint8Array }
  /** The answer to Check. */
  | { readonly _tag: "CheckEnded"; readonly ending: Ending }
  | { readonly _tag: "PeerEnded" }
  | { readonly _tag: "TimedOut" }

export type Command =
  | { readonly _tag: "Reply"; readonly text: ByteString }
  /** What the program reads on descriptor 3. (checkpassword) */
  | { readonly _tag: "Check"; readonly record: ByteString }
  | { readonly _tag: "Close"; readonly exitCode: ExitCode }

export interface Session {
  /** `<pid.time@host>`: part of what an APOP digest is made of. */
  readonly challenge: ByteString
  /** Homes of our own: a command with a NUL is none. In qmail's it ends there. */
  readonly isStrict: boolean
}

export type State =
  | {
      readonly _tag: "Talking"
      readonly session: Session
      readonly user: ByteString | undefined
      readonly line: SmtpCommand.Partial
    }
  | { readonly _tag: "Checking" }
  | { readonly _tag: "Over" }

type Talking = State & { readonly _tag: "Talking" }
type Reaction = Step<State, Command>

export const initial = (session: Session): Reaction =>
  step<State, Command>(
    { _tag: "Talking", session, user: undefined, line: SmtpCommand.noPartial },
    reply(`+OK ${session.challenge}\r\n`)
  )

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
        case "CheckEnded":
          return impossible(event, "nothing was checked")
      }
      break
    case "Checking":
      return on(event, "CheckEnded", ({ ending }) =>
        step<State, Command>({ _tag: "Over" }, ...complaint(ending), close)
      )
    case "Over":
      return impossible(event, "the session is over")
  }
}

/** What follows the command that starts the check belongs to a server that is not there yet, and is dropped. */
const consume = (state: Talking, chunk: Uint8Array): Reaction => {
  const commands: Array<Command> = []
  let current: State = state
  for (let at = 0; at < chunk.length && current._tag === "Talking";) {
    const read = SmtpCommand.readLine(current.line, chunk, at, lineBytesMax)
    if (read._tag === "Unfinished") {
      current = { ...current, line: read.partial }
      break
    }
    at = read.next
    const heard: Talking = { ...current, line: SmtpCommand.noPartial }
    const turn: Reaction =
      read._tag === "TooLong" || (heard.session.isStrict && read.text.includes("\0"))
        ? step(heard, reply(syntax))
        : answer(heard, SmtpCommand.parse(read.text))
    current = turn.state
    commands.push(...turn.commands)
  }
  return { state: current, commands }
}

const answer = (state: Talking, { argument, verb }: SmtpCommand.SmtpCommand): Reaction => {
  switch (verb) {
    case "user":
      return argument === "" ? step(state, reply(syntax)) : step({ ...state, user: argument }, reply(ok))
    case "pass":
      if (state.user === undefined) return step(state, reply("-ERR USER first\r\n"))
      return argument === "" ? step(state, reply(syntax)) : check(state.session, state.user, argument)
    case "apop": {
      const space = argument.indexOf(" ")
      return space < 0
        ? step(state, reply(syntax))
        : check(state.session, argument.slice(0, space), argument.slice(space + 1))
    }
    case "quit":
      return step<State, Command>({ _tag: "Over" }, reply(ok), close)
    case "noop":
      return step(state, reply(ok))
    default: // whatever a client may say
      return step(state, reply("-ERR authorization first\r\n"))
  }
}

const check = ({ challenge }: Session, user: ByteString, secret: ByteString): Reaction =>
  step<State, Command>({ _tag: "Checking" }, { _tag: "Check", record: `${user}\0${secret}\0${challenge}\0` })

const complaint = (ending: Ending): ReadonlyArray<Command> => {
  if (ending._tag === "Killed") return [reply("-ERR aack, child crashed\r\n")]
  return ending.exitCode === 0 ? [] : [reply("-ERR authorization failed\r\n")]
}

const reply = (text: ByteString): Command => ({ _tag: "Reply", text })

/** Every way out is this one. */
const close: Command = { _tag: "Close", exitCode: 1 }

/**
 * Most bytes to take from the client at once. What was taken and not needed is lost to the program that serves the user:
 * 128 bytes of a client that sends all its commands together, as qmail's popup takes them; in homes of our own none.
 */
export const readBytes = (classic: boolean): number => (classic ? 128 : 1)

export const usage = "-ERR usage: popup hostname subprogram\r\n"
