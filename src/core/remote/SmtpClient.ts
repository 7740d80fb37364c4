/**
 * What is said to this host, and what became of each recipient?
 *
 * One transaction over one connection, fresh or used before. Without extensions every command waits for its reply,
 * as in qmail-remote; with PIPELINING the envelope and DATA go out together (RFC 2920). The report is qmail-remote's:
 * `r`, `h` or `s` for each recipient, then one of `K`, `Z` or `D` for the message, each ended by NUL.
 *
 * From: qmail-remote.c, smtp() and blast(); wire.md 3; RFC 5321.
 */
import { type ByteString, concat, toChunk } from "../Bytes.ts"
import { type Step, impossible, step } from "../Machine.ts"
import * as SmtpAnswer from "./SmtpAnswer.ts"
import * as SmtpEncoding from "./SmtpEncoding.ts"
import * as SmtpLoss from "./SmtpLoss.ts"
import type { SmtpTask } from "./SmtpTask.ts"

type Stage = SmtpLoss.Stage

interface Verdict {
  /** The report about the message. */
  readonly text: ByteString
  /** Another host may take it back. */
  readonly another: boolean
}

interface Talk {
  readonly task: SmtpTask
  readonly extensions: SmtpAnswer.Extensions
  readonly partial: SmtpAnswer.Partial
  /** Replies that came before what they answer was sent. */
  readonly early: ReadonlyArray<SmtpAnswer.SmtpAnswer>
  /** Replies still to come. */
  readonly expected: ReadonlyArray<Stage>
  /** Commands still to be sent, one after the other. */
  readonly unsent: ReadonlyArray<Stage>
  /** Recipients named so far. */
  readonly named: number
  /** Reports about recipients. */
  readonly reports: ByteString
  readonly accepted: boolean
  /** What became of the message, if it is settled while replies are still to come. */
  readonly verdict: Verdict | undefined
  /** The host has said that it closes the connection. */
  readonly closing: boolean
}

interface Sending extends Talk {
  readonly _tag: "SendingMessage"
  readonly encoder: SmtpEncoding.Encoder
  /** Some of the text may have gone out. */
  readonly begun: boolean
}

export type State = ({ readonly _tag: "Talking" } & Talk) | Sending | { readonly _tag: "Over" }

export type Event =
  | { readonly _tag: "Received"; readonly bytes: Uint8Array }
  /** The next piece of the message; `last` if nothing follows it. */
  | { readonly _tag: "MessageRead"; readonly bytes: Uint8Array; readonly last: boolean }
  | { readonly _tag: "MessageUnreadable" }
  | { readonly _tag: "ConnectionLost" }
  | { readonly _tag: "TimedOut" }

export type Command =
  | { readonly _tag: "Send"; readonly bytes: Uint8Array }
  | { readonly _tag: "ReadMessage" }
  | { readonly _tag: "Report"; readonly text: ByteString }
  /** Another host may be tried; if there is none, this is the report. */
  | { readonly _tag: "MoveOn"; readonly text: ByteString }
  /** This connection is at its end and the message not begun: again, over a fresh one. `esmtp`: EHLO may be said. */
  | { readonly _tag: "Reconnect"; readonly esmtp: boolean }
  /** The connection is good for another transaction. */
  | { readonly _tag: "Release"; readonly extensions: SmtpAnswer.Extensions }
  | { readonly _tag: "Close" }

type Next = Step<State, Command>

export const initial = (task: SmtpTask): Next => {
  const talk: Talk = {
    task,
    extensions: task.knownExtensions ?? SmtpAnswer.noExtensions,
    partial: task.classic ? SmtpAnswer.start : SmtpAnswer.startStrict,
    early: [],
    // A connection that was used before has been greeted.
    expected: task.knownExtensions === undefined ? ["greeting"] : [],
    unsent: [],
    named: 0,
    reports: "",
    accepted: false,
    verdict: undefined,
    closing: false
  }
  return task.knownExtensions === undefined ? step({ _tag: "Talking", ...talk }) : beginTransaction(talk)
}

export const isOver = (state: State): boolean => state._tag === "Over"

export const decide = (state: State, event: Event): Next => {
  if (state._tag === "Over") return impossible(event, "the session is over")
  switch (event._tag) {
    case "Received":
      return state._tag === "Talking" ? read(state, event.bytes) : readAhead(state, event.bytes)
    case "ConnectionLost":
    case "TimedOut":
      return lost(state, event._tag === "TimedOut")
    case "MessageRead":
      return state._tag === "SendingMessage" ? encode(state, event) : impossible(event, "no message was asked for")
    case "MessageUnreadable":
      return over(state, unreadable, "drop")
  }
}

/** The replies of one piece, each answered in its turn; what comes before it was asked for waits. */
const read = (state: Talk, bytes: Uint8Array): Next => {
  const { answers, partial } = SmtpAnswer.feed(state.partial, bytes)
  const now = answerAll({ ...state, partial }, answers)
  if (now.state._tag !== "Talking" || !SmtpAnswer.isEndless(partial)) return now
  return state.task.classic ? lost(now.state, false) : misunderstood(now.state, stageOf(now.state), "")
}

const answerAll = (talk: Talk, answers: ReadonlyArray<SmtpAnswer.SmtpAnswer>): Next => {
  let now: Next = step({ ...talk, _tag: "Talking" })
  for (const [at, answer] of answers.entries()) {
    const { state } = now
    if (state._tag === "Over") break
    if (state._tag === "SendingMessage") break
    const closing = state.closing || answer.code === aboutToClose
    const [stage, ...expected] = state.expected
    const next = answered({ ...state, early: answers.slice(at + 1), expected, closing }, stage!, answer)
    now = {
      state: next.state,
      commands: now.commands.length === 0 ? next.commands : [...now.commands, ...next.commands]
    }
  }
  return now
}

const answered = (talk: Talk, stage: Stage, answer: SmtpAnswer.SmtpAnswer): Next => {
  const { partner } = talk.task
  const again = talk.closing ? beginAgain(talk, remedy(talk, stage, "closing")) : undefined
  if (again !== undefined) return again
  const isBroken = !talk.task.classic && SmtpAnswer.isBroken(answer, stage === "data")
  if (isBroken && stage !== "greeting" && stage !== "ehlo" && stage !== "helo")
    return misunderstood(talk, stage, answer.text)
  const outcome = SmtpAnswer.outcome(answer)
  const refused = (text: ByteString): ByteString =>
    `${outcome === "permanent" ? "D" : "Z"}${text}.\n${SmtpAnswer.quoted(answer.text)}`
  switch (stage) {
    case "greeting":
      if (answer.code !== 220) return rejected(talk, "greeting failed", answer, "greeting")
      return talk.task.esmtp ? say(talk, ["ehlo"]) : say(talk, ["helo"])
    case "ehlo":
      if (answer.code === 250) return beginTransaction({ ...talk, extensions: SmtpAnswer.extensions(answer) })
      if (outcome === "permanent" || isBroken) return say(talk, ["helo"])
      return rejected(talk, "my name was rejected", answer, "greeting")
    case "helo":
      if (answer.code !== 250) return rejected(talk, "my name was rejected", answer, "greeting")
      return beginTransaction(talk)
    case "rset":
      return outcome === "success" ? goOn(talk) : reconnect(talk.task.esmtp)
    case "mail":
      if (outcome === "success") return goOn(talk)
      return outcome === "temporary"
        ? rejected(talk, "sender was rejected", answer, "temporary")
        : conclude(talk, refused(`Connected to ${partner} but sender was rejected`))
    case "rcpt":
      if (talk.verdict !== undefined) return goOn(talk)
      if (outcome === "success") return goOn({ ...talk, accepted: true, reports: `${talk.reports}r\0` })
      return goOn({
        ...talk,
        reports:
          talk.reports +
          (outcome === "permanent" ? "h" : "s") +
          `${partner} does not like recipient.\n${SmtpAnswer.quoted(answer.text)}\0`
      })
    case "data":
      if (outcome !== "success")
        return conclude(talk, talk.accepted ? refused(`${partner} failed on DATA command`) : givingUp(talk))
      return talk.verdict !== undefined || !talk.accepted
        ? sendNothing(talk)
        : sendMore({ ...talk, _tag: "SendingMessage", encoder: SmtpEncoding.start(talk.task.bareCr), begun: false })
    case "dot":
      if (outcome !== "success") return conclude(talk, refused(`${partner} failed after I sent the message`))
      return conclude(talk, `K${partner} accepted message.\n${SmtpAnswer.quoted(answer.text)}`)
  }
}

const givingUp = ({ task }: Talk): ByteString => `DGiving up on ${task.partner}.\n`

const beginTransaction = (talk: Talk): Next => {
  const stages: ReadonlyArray<Stage> = [
    ...(talk.task.knownExtensions === undefined ? [] : (["rset"] as const)),
    "mail",
    ...talk.task.recipients.map(() => "rcpt" as const),
    "data"
  ]
  return talk.extensions.pipelining ? say(talk, stages) : goOn({ ...talk, unsent: stages })
}

/** The next command, or the next reply if more are to come. */
const goOn = (talk: Talk): Next => {
  if (talk.expected.length > 0) return step({ ...talk, _tag: "Talking" })
  if (talk.verdict !== undefined) return end(talk, talk.verdict)
  const [stage, ...unsent] = talk.unsent
  return stage === "data" && !talk.accepted ? conclude(talk, givingUp(talk)) : say({ ...talk, unsent }, [stage!])
}

const say = (talk: Talk, stages: ReadonlyArray<Stage>): Next => {
  let { named } = talk
  let text = ""
  for (const stage of stages) text += line(talk, stage, stage === "rcpt" ? named++ : 0)
  return step({ ...talk, _tag: "Talking", named, expected: stages }, { _tag: "Send", bytes: toChunk(text) })
}

const line = ({ extensions, task }: Talk, stage: Stage, recipient: number): ByteString => {
  switch (stage) {
    case "ehlo":
      return `EHLO ${task.helo}\r\n`
    case "helo":
      return `HELO ${task.helo}\r\n`
    case "rset":
      return "RSET\r\n"
    case "mail": {
      const size = extensions.size && task.messageBytes !== undefined ? ` SIZE=${task.messageBytes}` : ""
      return `MAIL FROM:<${task.sender}>${size}${extensions.eightBit ? " BODY=8BITMIME" : ""}\r\n`
    }
    case "rcpt":
      return `RCPT TO:<${task.recipients[recipient]}>\r\n`
    case "data":
      return "DATA\r\n"
    case "greeting":
    case "dot":
      return impossible(stage, "no command")
  }
}

/** What is said before the end of the message. */
const readAhead = (state: Sending, bytes: Uint8Array): Next => {
  const { answers, partial } = SmtpAnswer.feed(state.partial, bytes)
  const early = [...state.early, ...answers]
  return SmtpAnswer.isEndless(partial) || early.length > mostEarly
    ? lost(state, false)
    : sendMore({ ...state, partial, early })
}

/** The next piece, unless the host has refused the message already: then it never gets to its end. */
const sendMore = (state: Sending): Next => {
  const { partner } = state.task
  const refusal = state.task.classic ? undefined : state.early.find(({ code }) => code >= 400 && code < 600)
  if (refusal === undefined) return step<State, Command>(state, { _tag: "ReadMessage" })
  const again = refusal.code === aboutToClose ? beginAgain(state, remedy(state, stageOf(state), "closing")) : undefined
  if (again !== undefined) return again
  const letter = SmtpAnswer.outcome(refusal) === "permanent" ? "D" : "Z"
  const text = `${letter}${partner} failed while I sent the message.\n${SmtpAnswer.quoted(refusal.text)}`
  return over(state, final(text), "drop")
}

const encode = (state: Sending, { bytes, last }: { readonly bytes: Uint8Array; readonly last: boolean }): Next => {
  const fed = SmtpEncoding.feed(state.encoder, bytes)
  if (fed === undefined) return over(state, bareCr, "drop")
  const send: Command = { _tag: "Send", bytes: fed.bytes }
  if (!last) return step<State, Command>({ ...state, encoder: fed.encoder, begun: true }, send, { _tag: "ReadMessage" })
  const ended = SmtpEncoding.finish(fed.encoder)
  switch (ended._tag) {
    case "Ended":
      return after(
        { _tag: "Send", bytes: concat([fed.bytes, ended.bytes]) },
        answerAll({ ...state, early: [], expected: ["dot"] }, state.early)
      )
    case "PartialLine":
      return after(send, over(state, partialLine, "drop"))
    case "BareCr":
      return over(state, bareCr, "drop")
  }
}

const after = (first: Command, next: Next): Next => ({ state: next.state, commands: [first, ...next.commands] })

/** A refusal before anything was said about recipients, which another host may take back. */
const rejected = (talk: Talk, what: string, answer: SmtpAnswer.SmtpAnswer, since: "greeting" | "temporary"): Next => {
  const { moveOn, partner } = talk.task
  const text = `ZConnected to ${partner} but ${what}.\n${SmtpAnswer.quoted(answer.text)}`
  const another = moveOn === "temporary" || moveOn === since
  return since === "greeting" ? over(talk, { text, another }, "quit") : conclude(talk, text, another)
}

/** Settled; what is still to come is read first: DATA may be among what was said, and the connection stays good. */
const conclude = (talk: Talk, text: ByteString, another = false): Next => {
  const verdict = talk.verdict ?? { text, another }
  return talk.expected.length > 0 && !talk.closing ? step({ ...talk, _tag: "Talking", verdict }) : end(talk, verdict)
}

/** A host has let DATA pass that refused the sender or all recipients. It gets a message of no lines (RFC 2920, 3.1). */
const sendNothing = (talk: Talk): Next => {
  const verdict = talk.verdict ?? final(givingUp(talk))
  const dot: Command = { _tag: "Send", bytes: toChunk(".\r\n") }
  return talk.task.keepOpen
    ? step<State, Command>({ ...talk, _tag: "Talking", verdict, expected: ["dot"] }, dot)
    : after(dot, over(talk, verdict, "quit"))
}

/** A host that has said more than was asked would be misunderstood in another transaction. */
const end = (talk: Talk, verdict: Verdict): Next => {
  const isGood = talk.expected.length === 0 && talk.early.length === 0 && talk.partial.bytes === 0 && !talk.closing
  return over(talk, verdict, talk.task.keepOpen && isGood ? "keep" : "quit")
}

const lost = (state: Exclude<State, { _tag: "Over" }>, timedOut: boolean): Next => {
  const stage = stageOf(state)
  const remedied = remedy(state, stage, timedOut ? "timed out" : "ended")
  const duplicate = state._tag === "Talking" && stage === "dot" ? "Possible duplicate! " : ""
  const died = `ZConnected to ${state.task.partner} but connection died. ${duplicate}(#4.4.2)\n`
  return beginAgain(state, remedied) ?? over(state, verdictOf(state, remedied, died), "drop")
}

/** A reply that is none. [W102] */
const misunderstood = (talk: Talk, stage: Stage, text: ByteString): Next => {
  const remedied = remedy(talk, stage, "garbled")
  const duplicate = stage === "dot" ? " Possible duplicate!" : ""
  const what = `ZConnected to ${talk.task.partner} but its reply is a protocol error (#4.5.0).${duplicate}\n`
  return beginAgain(talk, remedied) ?? over(talk, verdictOf(talk, remedied, what + SmtpAnswer.quoted(text)), "drop")
}

const stageOf = (state: Exclude<State, { _tag: "Over" }>): Stage =>
  state._tag === "Talking" ? state.expected[0]! : state.begun ? "dot" : "data"

const remedy = ({ accepted, task, verdict }: Talk, stage: Stage, cause: SmtpLoss.Cause): SmtpLoss.Remedy =>
  SmtpLoss.remedy({
    stage,
    cause,
    task,
    isUsed: task.knownExtensions !== undefined,
    accepted,
    isSettled: verdict !== undefined
  })

const beginAgain = ({ task }: Talk, remedied: SmtpLoss.Remedy): Next | undefined =>
  remedied === "begin again"
    ? reconnect(task.esmtp)
    : remedied === "begin again with HELO"
      ? reconnect(false)
      : undefined

const verdictOf = (talk: Talk, remedied: SmtpLoss.Remedy, text: ByteString): Verdict =>
  talk.verdict ?? (remedied === "give up" ? final(givingUp(talk)) : { text, another: remedied === "try another host" })

const reconnect = (esmtp: boolean): Next => step({ _tag: "Over" }, { _tag: "Reconnect", esmtp })

/**
 * The report, and what becomes of the connection. Waiting for the reply to QUIT would be just too ridiculous, says
 * qmail-remote; the report goes out before the connection is closed, which may take its time.
 */
const over = (talk: Talk, { another, text }: Verdict, ending: "drop" | "quit" | "keep"): Next => {
  const report: Command = { _tag: another ? "MoveOn" : "Report", text: `${talk.reports}${text}\0` }
  switch (ending) {
    case "drop":
      return step({ _tag: "Over" }, report, { _tag: "Close" })
    case "quit":
      return step({ _tag: "Over" }, { _tag: "Send", bytes: toChunk("QUIT\r\n") }, report, { _tag: "Close" })
    case "keep":
      return step({ _tag: "Over" }, report, { _tag: "Release", extensions: talk.extensions })
  }
}

const final = (text: ByteString): Verdict => ({ text, another: false })
const unreadable = final("ZUnable to read message. (#4.3.0)\n")
const partialLine = final("DSMTP cannot transfer messages with partial final lines. (#5.6.2)\n")
const bareCr = final("DMessage contains a bare CR. (#5.6.0)\n")
/** Replies to what was not sent yet: one or two may come, more are a flood. */
const mostEarly = 100
/** The host is about to close the connection (RFC 5321, 3.8). */
const aboutToClose = 421
