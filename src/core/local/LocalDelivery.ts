/**
 * What does this .qmail file do with this message?
 *
 * Home directory, loop, .qmail file and its owner files are looked at in this order; then the instructions are
 * followed in theirs, and all forwards go out at the end as one message. The first failure ends the delivery; what
 * was delivered before it stays delivered. (qmail-local.c, main)
 */
import type { ByteString } from "../Bytes.ts"
import * as TraceFields from "../header/TraceFields.ts"
import { impossible, on, step, type Step } from "../Machine.ts"
import {
  type Errno,
  type ExitCode,
  exitPermanent,
  exitSuccess,
  exitTemporary,
  isTemporary,
  systemText
} from "../Outcome.ts"
import type { Ending, QueueStatus } from "../queue/QueueStatus.ts"
import * as CommandContext from "./CommandContext.ts"
import * as DotQmail from "./DotQmail.ts"
import * as DotQmailName from "./DotQmailName.ts"

export interface Order {
  readonly address: CommandContext.LocalAddress
  /** Only say what would be done. (-n) */
  readonly describes: boolean
  /** Permission bits that no home directory and no .qmail file may have. (conf-patrn) */
  readonly patrn: number
  /** A qmail home: every byte of a .qmail file is taken as written, and header lines are qmail's. */
  readonly classic: boolean
  /** Seconds since 1970. */
  readonly now: number
}

/** What the .qmail file says, and how far it was followed. */
interface Course {
  readonly order: Order
  /** Cut where a program said that nothing more is to be done. */
  readonly instructions: ReadonlyArray<DotQmail.Instruction>
  /** Place of the instruction that is next, or in progress. */
  readonly at: number
  readonly forwardOnly: boolean
  readonly newSender: ByteString
  readonly defaultPart: ByteString | undefined
}

export type State =
  | { readonly _tag: "EnteringHome"; readonly order: Order }
  | { readonly _tag: "LookingForLoop"; readonly order: Order }
  | { readonly _tag: "SeekingDotQmail"; readonly order: Order; readonly candidate: DotQmailName.Candidate }
  | { readonly _tag: "SeekingOwner"; readonly course: Course }
  | { readonly _tag: "SeekingOwnerDefault"; readonly course: Course }
  | { readonly _tag: "Delivering"; readonly course: Course }
  | { readonly _tag: "Forwarding"; readonly course: Course }
  | { readonly _tag: "Over"; readonly exitCode: ExitCode }

export type MaildirTrouble = "noMaildir" | "timeout" | "unreadable" | "other"

export type MboxTrouble =
  | { readonly _tag: "NotOpened"; readonly errno: Errno }
  | { readonly _tag: "StaysLocked" }
  | { readonly _tag: "NotLocked"; readonly errno: Errno }
  | { readonly _tag: "NotWritten"; readonly errno: Errno }

/** Paths are absolute or, of .qmail files, relative to the home directory. */
export type Command =
  | { readonly _tag: "EnterHome"; readonly directory: ByteString }
  | { readonly _tag: "LookForLine"; readonly line: ByteString }
  | { readonly _tag: "ReadDotQmail"; readonly file: ByteString }
  | { readonly _tag: "LookForOwner"; readonly file: ByteString }
  | { readonly _tag: "WriteMaildir"; readonly directory: ByteString; readonly head: ByteString }
  | { readonly _tag: "AppendMbox"; readonly file: ByteString; readonly head: ByteString }
  | {
      readonly _tag: "RunProgram"
      readonly command: ByteString
      readonly variables: Readonly<Record<ByteString, ByteString>>
    }
  | {
      readonly _tag: "QueueForward"
      readonly head: ByteString
      readonly sender: ByteString
      readonly recipients: ReadonlyArray<ByteString>
    }
  /** No event answers. `report`: what was done; `complaint`: why it was not. */
  | { readonly _tag: "Say"; readonly what: "report" | "complaint"; readonly text: ByteString }

export type Event =
  | { readonly _tag: "HomeEntered"; readonly mode: number }
  | { readonly _tag: "HomeClosed"; readonly errno: Errno }
  | { readonly _tag: "LineSought"; readonly isThere: boolean }
  | { readonly _tag: "MessageUnreadable"; readonly errno: Errno }
  | { readonly _tag: "MessageNotRewound" }
  | { readonly _tag: "DotQmailRead"; readonly mode: number; readonly content: ByteString }
  | { readonly _tag: "DotQmailAbsent" }
  | { readonly _tag: "DotQmailClosed"; readonly errno: Errno }
  | { readonly _tag: "OwnerThere" }
  | { readonly _tag: "OwnerNotSeen"; readonly errno: Errno }
  | { readonly _tag: "Delivered" }
  | { readonly _tag: "MaildirFailed"; readonly trouble: MaildirTrouble }
  | { readonly _tag: "MboxFailed"; readonly trouble: MboxTrouble }
  | { readonly _tag: "ProgramEnded"; readonly ending: Ending }
  | { readonly _tag: "ProgramNotRun"; readonly errno: Errno }
  | { readonly _tag: "ForwardAnswered"; readonly status: QueueStatus }

export const initial = (order: Order): Step<State, Command> =>
  step({ _tag: "EnteringHome", order }, { _tag: "EnterHome", directory: order.address.homedir })

export const isOver = (state: State): state is Extract<State, { readonly _tag: "Over" }> => state._tag === "Over"

export const decide = (state: State, event: Event): Step<State, Command> => {
  if (event._tag === "MessageUnreadable") return defer(`Unable to read message: ${systemText(event.errno)}. (#4.3.0)`)
  if (event._tag === "MessageNotRewound") return defer("Unable to rewind message. (#4.3.0)")
  switch (state._tag) {
    case "EnteringHome":
      return homeSeen(state.order, event)
    case "LookingForLoop":
      return on(event, "LineSought", ({ isThere }) =>
        isThere
          ? fail(exitPermanent, "This message is looping: it already has my Delivered-To line. (#5.4.6)")
          : seek(state.order, DotQmailName.exact(state.order.address))
      )
    case "SeekingDotQmail":
      return dotQmailSeen(state.order, state.candidate, event)
    case "SeekingOwner":
    case "SeekingOwnerDefault":
      return ownerSeen(state, event)
    case "Delivering":
      return delivered(state.course, event)
    case "Forwarding":
      return on(event, "ForwardAnswered", ({ status }) => forwarded(state.course, status))
    case "Over":
      return impossible(event, "the delivery is over")
  }
}

const say = (what: "report" | "complaint", text: ByteString): Command => ({ _tag: "Say", what, text })

const fail = (exitCode: ExitCode, text: ByteString): Step<State, Command> =>
  step({ _tag: "Over", exitCode }, say("complaint", `${text}\n`))

const defer = (text: ByteString): Step<State, Command> => fail(exitTemporary, text)

const homeSeen = (order: Order, event: Event): Step<State, Command> => {
  if (event._tag === "HomeClosed")
    return defer(`Unable to switch to ${order.address.homedir}: ${systemText(event.errno)}. (#4.3.0)`)
  return on(event, "HomeEntered", ({ mode }) => {
    if ((mode & order.patrn) !== 0) return defer("Uh-oh: home directory is writable. (#4.7.0)")
    const isSticky = (mode & stickyBit) !== 0
    if (order.describes) {
      const next = seek(order, DotQmailName.exact(order.address))
      return isSticky
        ? { ...next, commands: [say("complaint", "Warning: home directory is sticky.\n"), ...next.commands] }
        : next
    }
    if (isSticky) return defer("Home directory is sticky: user is editing his .qmail file. (#4.2.1)")
    return step(
      { _tag: "LookingForLoop", order },
      { _tag: "LookForLine", line: CommandContext.deliveredTo(order.address, order.classic) }
    )
  })
}

const seek = (order: Order, candidate: DotQmailName.Candidate): Step<State, Command> =>
  step({ _tag: "SeekingDotQmail", order, candidate }, { _tag: "ReadDotQmail", file: candidate.file })

const dotQmailSeen = (order: Order, candidate: DotQmailName.Candidate, event: Event): Step<State, Command> => {
  const { address } = order
  if (event._tag === "DotQmailClosed" && DotQmailName.isTrouble(event.errno))
    return defer(`Unable to open ${candidate.file}: ${systemText(event.errno)}. (#4.3.0)`)
  if (event._tag === "DotQmailAbsent" || event._tag === "DotQmailClosed") {
    const next = DotQmailName.following(address, candidate)
    if (next !== undefined) return seek(order, next)
    if (address.dash !== "") return fail(exitPermanent, "Sorry, no mailbox here by that name. (#5.1.1)")
    return begin(order, undefined, "", false)
  }
  return on(event, "DotQmailRead", ({ content, mode }) => {
    const permission = DotQmailName.permission(mode, order.patrn)
    if (permission === "writable") return defer("Uh-oh: .qmail file is writable. (#4.7.0)")
    const defaultPart = DotQmailName.defaultPart(address, candidate)
    return begin(order, defaultPart, content, permission === "forwardOnly")
  })
}

/** The owner files are looked for only where the sender of forwards matters, which a mailbox does not ask. */
const begin = (
  order: Order,
  defaultPart: ByteString | undefined,
  content: ByteString,
  forwardOnly: boolean
): Step<State, Command> => {
  const { address } = order
  const text = content === "" ? address.defaultDelivery : content
  // Before anything is delivered: what is tried again would be delivered again.
  const flaw = order.classic ? undefined : DotQmail.flaw(text)
  if (flaw !== undefined)
    return defer(`Uh-oh: ${flaw.line === undefined ? "" : `line ${flaw.line} of `}.qmail file ${flaw.reason}. (#4.2.1)`)
  const course: Course = {
    order,
    instructions: DotQmail.parse(text),
    at: 0,
    forwardOnly: forwardOnly && content !== "",
    newSender: address.sender,
    defaultPart
  }
  const asksForSender = course.instructions.some(({ _tag }) => _tag === "Program" || _tag === "Forward")
  return asksForSender && !order.describes && DotQmailName.mayHaveOwner(address.sender)
    ? step({ _tag: "SeekingOwner", course }, { _tag: "LookForOwner", file: DotQmailName.ownerFile(address) })
    : follow(course)
}

const ownerSeen = (
  { _tag, course }: Extract<State, { readonly _tag: "SeekingOwner" | "SeekingOwnerDefault" }>,
  event: Event
): Step<State, Command> => {
  const { address } = course.order
  const isFirst = _tag === "SeekingOwner"
  const ownerDefault = DotQmailName.ownerDefaultFile(address)
  const file = isFirst ? DotQmailName.ownerFile(address) : ownerDefault
  const withSender = (owner: DotQmailName.Owner): Step<State, Command> =>
    follow({ ...course, newSender: DotQmailName.newSender(owner, address.sender, address.local, address.domain) })
  if (event._tag === "OwnerThere")
    return isFirst
      ? step({ _tag: "SeekingOwnerDefault", course }, { _tag: "LookForOwner", file: ownerDefault })
      : withSender("ownerDefault")
  return on(event, "OwnerNotSeen", ({ errno }) =>
    isTemporary(errno)
      ? defer(`Unable to open ${file}: ${systemText(errno)}. (#4.3.0)`)
      : withSender(isFirst ? "none" : "owner")
  )
}

/** On to the next instruction that something must be done for. */
const follow = (from: Course): Step<State, Command> => {
  const { instructions, order } = from
  const said: Array<Command> = []
  let { forwardOnly } = from
  for (let at = from.at; at < instructions.length; at++) {
    const instruction = instructions[at]!
    const refusal = refuse(instruction, forwardOnly)
    if (refusal !== undefined) return { state: refusal.state, commands: [...said, ...refusal.commands] }
    if (instruction._tag === "ForwardOnly") forwardOnly = true
    const course = { ...from, at, forwardOnly }
    const command = order.describes ? undefined : commandFor(course, instruction)
    if (command !== undefined) return step({ _tag: "Delivering", course }, command)
    if (order.describes && "text" in instruction) said.push(say("report", DotQmail.describe(instruction)))
  }
  const next = order.describes ? finish(from, undefined) : forward(from)
  return { state: next.state, commands: [...said, ...next.commands] }
}

const refuse = ({ _tag }: DotQmail.Instruction, forwardOnly: boolean): Step<State, Command> | undefined => {
  if (_tag === "BlankStart") return defer("Uh-oh: first line of .qmail file is blank. (#4.2.1)")
  if (!forwardOnly) return undefined
  if (_tag === "Maildir" || _tag === "Mbox") return defer("Uh-oh: .qmail has file delivery but has x bit set. (#4.7.0)")
  if (_tag === "Program") return defer("Uh-oh: .qmail has prog delivery but has x bit set. (#4.7.0)")
  return undefined
}

const commandFor = (course: Course, instruction: DotQmail.Instruction): Command | undefined => {
  const { address, classic, now } = course.order
  switch (instruction._tag) {
    case "Maildir":
      return {
        _tag: "WriteMaildir",
        directory: atHome(course.order, instruction.text),
        head: TraceFields.returnPath(address.sender, classic) + CommandContext.deliveredTo(address, classic)
      }
    case "Mbox":
      return {
        _tag: "AppendMbox",
        file: atHome(course.order, instruction.text),
        head:
          CommandContext.fromLine(address.sender, now, classic) +
          TraceFields.returnPath(address.sender, classic) +
          CommandContext.deliveredTo(address, classic)
      }
    case "Program": {
      const { defaultPart, newSender } = course
      const variables = CommandContext.variables({ ...address, now, classic, newSender, defaultPart })
      return { _tag: "RunProgram", command: DotQmail.cut(instruction.text), variables }
    }
    case "Forward":
    case "ForwardOnly":
    case "BlankStart":
      return undefined
  }
}

const atHome = ({ address }: Order, text: ByteString): ByteString => {
  const path = DotQmail.cut(text)
  return path.startsWith("/") ? path : `${address.homedir}/${path.startsWith("./") ? path.slice(2) : path}`
}

const delivered = (course: Course, event: Event): Step<State, Command> => {
  if (event._tag === "Delivered") return follow({ ...course, at: course.at + 1 })
  if (event._tag === "MaildirFailed") return defer(maildirTexts[event.trouble])
  if (event._tag === "MboxFailed") return defer(mboxText(event.trouble, course))
  if (event._tag === "ProgramNotRun") return defer(`Unable to run /bin/sh: ${systemText(event.errno)}. (#4.3.0)`)
  return on(event, "ProgramEnded", ({ ending }) => programEnded(course, ending))
}

/** A program's exit code decides; its own output is the text of the report. (qmail-local.c, mailprogram) */
const programEnded = (course: Course, ending: Ending): Step<State, Command> => {
  if (ending._tag === "Killed") return defer("Aack, child crashed. (#4.3.0)")
  const next = { ...course, at: course.at + 1 }
  if (ending.exitCode === exitSuccess) return follow(next)
  if (ending.exitCode === exitStop) return follow({ ...next, instructions: course.instructions.slice(0, next.at) })
  const exitCode = permanentExits.has(ending.exitCode) ? exitPermanent : exitTemporary
  return step({ _tag: "Over", exitCode })
}

const forward = (course: Course): Step<State, Command> => {
  const recipients = course.instructions.flatMap((one) => (one._tag === "Forward" ? [DotQmail.cut(one.text)] : []))
  if (recipients.length === 0) return finish(course, undefined)
  const { address, classic } = course.order
  const head = CommandContext.deliveredTo(address, classic)
  return step({ _tag: "Forwarding", course }, { _tag: "QueueForward", head, sender: course.newSender, recipients })
}

const forwarded = (course: Course, status: QueueStatus): Step<State, Command> =>
  status._tag === "Queued"
    ? finish(course, status.qp)
    : fail(status.outcome === "permanent" ? exitPermanent : exitTemporary, `Unable to forward message: ${status.text}.`)

const finish = ({ instructions }: Course, qp: number | undefined): Step<State, Command> => {
  const count = (...tags: ReadonlyArray<DotQmail.Instruction["_tag"]>): number =>
    instructions.reduce((n, { _tag }) => (tags.includes(_tag) ? n + 1 : n), 0)
  const counts = `${count("Maildir", "Mbox")}+${count("Forward")}+${count("Program")}`
  return step(
    { _tag: "Over", exitCode: exitSuccess },
    say("report", `did ${counts}\n${qp === undefined ? "" : `qp ${qp}\n`}`)
  )
}

const maildirTexts = {
  noMaildir: "Unable to chdir to maildir. (#4.2.1)",
  timeout: "Timeout on maildir delivery. (#4.3.0)",
  unreadable: "Unable to read message. (#4.3.0)",
  other: "Temporary error on maildir delivery. (#4.3.0)"
} as const satisfies Record<MaildirTrouble, ByteString>

const mboxText = (trouble: MboxTrouble, course: Course): ByteString => {
  const instruction = course.instructions[course.at]!
  const file = "text" in instruction ? DotQmail.cut(instruction.text) : ""
  switch (trouble._tag) {
    case "NotOpened":
      return `Unable to open ${file}: ${systemText(trouble.errno)}. (#4.2.1)`
    case "StaysLocked":
      return "File has been locked for 30 seconds straight. (#4.3.0)"
    case "NotLocked":
      return `Unable to lock ${file}: ${systemText(trouble.errno)}. (#4.3.0)`
    case "NotWritten":
      return `Unable to write ${file}: ${systemText(trouble.errno)}. (#4.3.0)`
  }
}

const stickyBit = 0o1000

/** The program has dealt with the message: no further lines. */
const exitStop: ExitCode = 99

/** 100 and what sendmail's and older qmail's programs use for "never". (qmail-command(8)) */
const permanentExits: ReadonlySet<ExitCode> = new Set([100, 64, 65, 70, 76, 77, 78, 112])
