/** An SMTP host that answers the SmtpClient machine as a script says; for tests. */
import { assert } from "@effect/vitest"
import { fromChunk, toChunk } from "../../../src/core/Bytes.ts"
import * as SmtpAnswer from "../../../src/core/remote/SmtpAnswer.ts"
import * as SmtpClient from "../../../src/core/remote/SmtpClient.ts"
import type { SmtpTask } from "../../../src/core/remote/SmtpTask.ts"

export const task: SmtpTask = {
  classic: false,
  partner: "192.0.2.1",
  helo: "me.example",
  sender: "s@src.example",
  recipients: ["r@dest.example"],
  messageBytes: 14,
  bareCr: "convert",
  esmtp: true,
  knownExtensions: undefined,
  keepOpen: true,
  moveOn: "never"
}

const known = SmtpAnswer.noExtensions

/** The kinds of connection on which a transaction can begin. */
export const shapes = {
  "a fresh connection": { isFresh: true, pipelining: false, task },
  "a fresh connection with PIPELINING": { isFresh: true, pipelining: true, task },
  "a used connection": { isFresh: false, pipelining: false, task: { ...task, knownExtensions: known } },
  "a used connection with PIPELINING": {
    isFresh: false,
    pipelining: true,
    task: { ...task, knownExtensions: { ...known, pipelining: true } }
  }
} as const

export type Stage = "greeting" | "EHLO" | "HELO" | "RSET" | "MAIL" | "RCPT" | "DATA" | "message" | "QUIT"

/** A reply without its line end; `lost` and `late` end the conversation there. Several: one after the other. */
export type Script = Readonly<Partial<Record<Stage, string | ReadonlyArray<string>>>>

export interface Course {
  readonly sent: string
  readonly report: string | undefined
  /** What became of the connection. */
  readonly ending: string | undefined
}

export interface Manner {
  readonly text?: string
  /** Said when the first half of the text has come: with its line end, if it has one, or in parts. */
  readonly during?: ReadonlyArray<string>
  readonly byteByByte?: boolean
  /** Keywords behind EHLO, besides PIPELINING if the task is of that shape. */
  readonly offers?: ReadonlyArray<string>
}

const usual: Record<Stage, string> = {
  greeting: "220 hi",
  EHLO: "250 x",
  HELO: "250 x",
  RSET: "250 reset",
  MAIL: "250 sender",
  RCPT: "250 recipient",
  DATA: "354 go",
  message: "250 queued",
  QUIT: "221 bye"
}

/** What the host says to everything that it has heard so far. */
const makePeer = (script: Script, ehlo: string) => {
  const turns = new Map<Stage, number>()
  let unread = ""
  let inMessage = false
  let hasSender = true
  let accepted = 0
  const reply = (stage: Stage): string => {
    const turn = turns.get(stage) ?? 0
    turns.set(stage, turn + 1)
    const given = script[stage]
    const said = typeof given === "string" ? given : given?.[Math.min(turn, given.length - 1)]
    if (said !== undefined) return said
    if (stage === "EHLO") return ehlo
    if (stage === "RCPT" && !hasSender) return "503 MAIL first"
    return stage === "DATA" && accepted === 0 ? "554 no valid recipients" : usual[stage]
  }
  const answer = (stage: Stage): string => {
    const said = reply(stage)
    if (stage === "MAIL") {
      hasSender = said.startsWith("2")
      accepted = 0
    }
    if (stage === "RCPT" && said.startsWith("2")) accepted++
    inMessage = stage === "DATA" && said.startsWith("354")
    return said
  }
  return {
    greet: () => answer("greeting"),
    hear: (bytes: string): ReadonlyArray<string> => {
      unread += bytes
      const said: Array<string> = []
      for (;;) {
        const mark = inMessage && !unread.startsWith(".\r\n") ? "\r\n.\r\n" : "\r\n"
        const end = unread.indexOf(mark)
        if (end < 0) return said
        const line = unread.slice(0, end)
        unread = unread.slice(end + mark.length)
        said.push(answer(inMessage ? "message" : (/^[A-Z]+/.exec(line)![0] as Stage)))
      }
    }
  }
}

/** A transaction from its beginning to its end. */
export const talk = (task: SmtpTask, script: Script, manner: Manner = {}, pipelining = false): Course => {
  const keywords = [...(pipelining ? ["PIPELINING"] : []), ...(manner.offers ?? [])]
  const ehlo = ["x", ...keywords].map((word, i) => `250${i === keywords.length ? " " : "-"}${word}`).join("\r\n")
  const peer = makePeer(script, ehlo)
  let { commands, state } = SmtpClient.initial(task)
  let sent = ""
  let report: string | undefined
  let ending: string | undefined
  const replies: Array<string> = task.knownExtensions === undefined ? [peer.greet()] : []
  const events: Array<SmtpClient.Event> = []
  const pieces = messageOf(manner.text ?? "Subject: x\n\nb\n", manner.during !== undefined)
  const interjections = (manner.during ?? []).map(received)
  for (;;) {
    for (const command of commands)
      switch (command._tag) {
        case "Send":
          sent += fromChunk(command.bytes)
          replies.push(...peer.hear(fromChunk(command.bytes)))
          break
        case "ReadMessage": {
          const interjection = pieces.length === 1 ? interjections.shift() : undefined
          events.push(interjection ?? pieces.shift()!)
          break
        }
        case "Report":
        case "MoveOn":
          report = (command._tag === "MoveOn" ? "(move on)" : "") + command.text
          break
        case "Reconnect":
          ending = command.esmtp ? "Reconnect" : "Reconnect with HELO"
          break
        case "Release":
        case "Close":
          ending = command._tag
      }
    if (SmtpClient.isOver(state)) return { sent, report, ending }
    if (events.length === 0) events.push(...eventsOf(replies, manner.byteByByte === true))
    const event = events.shift()
    assert.isDefined(event, `both sides wait after ${JSON.stringify(sent)}`)
    const next = SmtpClient.decide(state, event)
    state = next.state
    commands = next.commands
  }
}

const messageOf = (text: string, inHalves: boolean): Array<SmtpClient.Event> => {
  if (text === "unreadable") return [{ _tag: "MessageUnreadable" }]
  const half = inHalves ? Math.floor(text.length / 2) : 0
  const last = { _tag: "MessageRead", bytes: toChunk(text.slice(half)), last: true } as const
  return inHalves ? [{ _tag: "MessageRead", bytes: toChunk(text.slice(0, half)), last: false }, last] : [last]
}

const received = (text: string): SmtpClient.Event => ({ _tag: "Received", bytes: toChunk(text) })

/** All that was said in one piece, or each byte on its own. The end of the connection comes behind it. */
const eventsOf = (replies: Array<string>, byteByByte: boolean): ReadonlyArray<SmtpClient.Event> => {
  const end = replies.findIndex((reply) => reply === "lost" || reply === "late")
  if (end === 0) return [{ _tag: replies[0] === "lost" ? "ConnectionLost" : "TimedOut" }]
  const text = replies
    .splice(0, end < 0 ? replies.length : end)
    .map((reply) => `${reply}\r\n`)
    .join("")
  const pieces = byteByByte ? [...text] : text === "" ? [] : [text]
  return pieces.map(received)
}
