/**
 * Performs local deliveries: what LocalDelivery orders is done here. Program qmail-local delivers one message of
 * descriptor 0; a server delivers many at once, each with its own directory, umask and output.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { LocalAddress } from "../../core/local/CommandContext.ts"
import * as DeliveryLoop from "../../core/local/DeliveryLoop.ts"
import * as LocalDelivery from "../../core/local/LocalDelivery.ts"
import * as Mailboxes from "../../core/local/Mailboxes.ts"
import { type ByteString, concat, fromChunk, toChunk } from "../../core/Bytes.ts"
import type { Errno, ExitCode } from "../../core/Outcome.ts"
import { Files, type FilesError } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { runProgram } from "./LocalCommands.ts"
import type { Locks } from "../platform/Locks.ts"
import * as Maildirs from "./Maildirs.ts"
import * as Mboxes from "./Mboxes.ts"
import * as MessageText from "./MessageText.ts"
import type { Processes } from "../platform/Processes.ts"
import { QueueClient } from "../queue/QueueClient.ts"

export interface LocalJob extends LocalAddress {
  /** Absolute path of the message. */
  readonly message: ByteString
  /** Called before a program gets the message: it, or a child of it, may have it open for ever. */
  readonly beforeProgram?: () => void
}

/** What qmail-local would exit with and print. */
export interface LocalReport {
  readonly exitCode: ExitCode
  /** Cut where a report would be cut anyway. */
  readonly output: ByteString
}

/** What differs between a process of its own and a server. */
export interface Manner {
  readonly describes: boolean
  /** A unique Maildir name for this moment. */
  readonly nextName: (milliseconds: number) => ByteString
  readonly say: (what: "report" | "complaint", text: ByteString) => Effect.Effect<void>
  /** Takes what programs print; undefined: they print it themselves on our own descriptors 1 and 2. */
  readonly listen: ((bytes: Uint8Array) => void) | undefined
}

export type Services = Files | Home | Identity | Locks | Processes | QueueClient

/** For servers: hundreds at once. */
export const deliver = (job: LocalJob): Effect.Effect<LocalReport, never, Services> =>
  Effect.gen(function* () {
    const { hostName, pid } = yield* Identity
    let output = ""
    const keep = (text: ByteString): void => {
      if (output.length < outputBytesMax) output += text.slice(0, outputBytesMax - output.length)
    }
    const exitCode = yield* perform(job, {
      describes: false,
      nextName: (milliseconds) =>
        Mailboxes.serverName({
          time: Math.floor(milliseconds / 1000),
          microseconds: (milliseconds % 1000) * 1000,
          pid,
          count: deliveries++,
          hostName
        }),
      say: (_, text) => Effect.sync(() => keep(text)),
      listen: (bytes) => keep(fromChunk(bytes, 0, Math.min(bytes.length, outputBytesMax)))
    })
    return { exitCode, output }
  })

/** Maildir names of this process: one thread of it delivers. */
let deliveries = 0

/** More than qmail-lspawn's report holds. */
const outputBytesMax = 4096

type Answer = Effect.Effect<LocalDelivery.Event, never, Services>

/** The message, opened when it is first asked for. */
interface Desk {
  readonly job: LocalJob
  readonly manner: Manner
  fd: number | undefined
  text: MessageText.MessageText | undefined
}

export const perform = (job: LocalJob, manner: Manner): Effect.Effect<ExitCode, never, Services> =>
  Effect.gen(function* () {
    const { record } = yield* Home
    const files = yield* Files
    const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    const desk: Desk = { job, manner, fd: undefined, text: undefined }
    const order = { address: job, describes: manner.describes, patrn: record.patrn, classic: record.classic, now }
    return yield* Effect.ensuring(
      drive(desk, LocalDelivery.initial(order)),
      Effect.suspend(() => (desk.fd === undefined ? Effect.void : Effect.ignore(files.close(desk.fd))))
    )
  })

const drive = Effect.fnUntraced(function* (desk: Desk, first: ReturnType<typeof LocalDelivery.initial>) {
  let { commands, state } = first
  for (;;) {
    let answer: LocalDelivery.Event | undefined
    for (const command of commands)
      if (command._tag === "Say") yield* desk.manner.say(command.what, command.text)
      else answer = yield* answerTo(desk, command)
    if (LocalDelivery.isOver(state)) return state.exitCode
    ;({ commands, state } = LocalDelivery.decide(state, answer!))
  }
})

const answerTo = (desk: Desk, command: Exclude<LocalDelivery.Command, { readonly _tag: "Say" }>): Answer => {
  switch (command._tag) {
    case "EnterHome":
      return enterHome(command.directory)
    case "LookForLine":
      return withText(desk, (text) => lookForLine(text, command.line))
    case "ReadDotQmail":
      return readDotQmail(`${desk.job.homedir}/${command.file}`)
    case "LookForOwner":
      return lookFor(`${desk.job.homedir}/${command.file}`)
    case "WriteMaildir":
      return withText(desk, (text) => writeMaildir(desk, text, command))
    case "AppendMbox":
      return withText(desk, (text) => appendMbox(text, command))
    case "RunProgram":
      desk.job.beforeProgram?.()
      return runProgram({ ...command, job: desk.job, listen: desk.manner.listen })
    case "QueueForward":
      return withText(desk, (text) => queueForward(text, command))
  }
}

/** The dot makes sure that it is a directory which we may enter. */
const enterHome = (directory: ByteString): Answer =>
  Effect.flatMap(Files, (files) =>
    Effect.match(files.stat(`${directory}/.`), {
      onSuccess: ({ mode }) => ({ _tag: "HomeEntered", mode }),
      onFailure: ({ errno }) => ({ _tag: "HomeClosed", errno })
    })
  )

const withText = (
  desk: Desk,
  use: (text: MessageText.MessageText) => Effect.Effect<LocalDelivery.Event, MessageText.MessageUnreadable, Services>
): Answer =>
  Effect.flatMap(desk.text === undefined ? openText(desk) : Effect.succeed(desk.text), use).pipe(
    Effect.catch(({ errno }) =>
      Effect.succeed<LocalDelivery.Event>(
        unseekable.has(errno) ? { _tag: "MessageNotRewound" } : { _tag: "MessageUnreadable", errno }
      )
    )
  )

const openText = Effect.fnUntraced(function* (desk: Desk) {
  const files = yield* Files
  yield* Effect.uninterruptible(
    Effect.map(files.open(desk.job.message, "readNonBlocking"), (fd) => {
      desk.fd = fd
    })
  ).pipe(Effect.mapError(({ errno }: FilesError) => new MessageText.MessageUnreadable({ errno })))
  return (desk.text = yield* MessageText.open(desk.fd!))
})

const lookForLine = Effect.fnUntraced(function* (text: MessageText.MessageText, line: ByteString) {
  let scan = DeliveryLoop.begin(line)
  for (let offset = 0; scan.verdict === "unknown";) {
    const piece = yield* text.pieceAt(offset)
    if (piece.length === 0) break
    scan = DeliveryLoop.feed(scan, piece)
    offset += piece.length
  }
  return { _tag: "LineSought", isThere: scan.verdict === "looping" } as const
})

/** What is no regular file counts as absent. */
const readDotQmail = (path: ByteString): Answer =>
  MessageText.withMessage(path, (fd) =>
    Effect.gen(function* () {
      const files = yield* Files
      const { kind, mode } = yield* files.fstat(fd)
      if (kind !== "file") return { _tag: "DotQmailAbsent" } as const
      const pieces: Array<Uint8Array> = []
      for (let offset = 0; ;) {
        const piece = yield* files.read(fd, dotQmailPieceBytes, offset)
        if (piece.length === 0) break
        pieces.push(piece)
        offset += piece.length
      }
      return { _tag: "DotQmailRead", mode, content: fromChunk(concat(pieces)) } as const
    })
  ).pipe(Effect.catch(({ errno }) => Effect.succeed<LocalDelivery.Event>({ _tag: "DotQmailClosed", errno })))

const lookFor = (path: ByteString): Answer =>
  Effect.flatMap(Files, (files) =>
    Effect.match(files.stat(path), {
      onSuccess: () => ({ _tag: "OwnerThere" }),
      onFailure: ({ errno }) => ({ _tag: "OwnerNotSeen", errno })
    })
  )

const writeMaildir = (
  { manner }: Desk,
  text: MessageText.MessageText,
  { directory, head }: Extract<LocalDelivery.Command, { readonly _tag: "WriteMaildir" }>
): Answer =>
  Effect.map(
    Maildirs.write({ directory, head: toChunk(head), text, nextName: manner.nextName }),
    (trouble): LocalDelivery.Event =>
      trouble === undefined ? { _tag: "Delivered" } : { _tag: "MaildirFailed", trouble }
  )

const appendMbox = (
  text: MessageText.MessageText,
  { file, head }: Extract<LocalDelivery.Command, { readonly _tag: "AppendMbox" }>
) =>
  Effect.map(Mboxes.append({ file, head: toChunk(head), text }), (trouble): LocalDelivery.Event =>
    trouble === undefined ? { _tag: "Delivered" } : { _tag: "MboxFailed", trouble }
  )

const queueForward = Effect.fnUntraced(function* (
  text: MessageText.MessageText,
  { head, recipients, sender }: Extract<LocalDelivery.Command, { readonly _tag: "QueueForward" }>
) {
  const entry = yield* (yield* QueueClient).open("user")
  // The queue may keep what it is given: it gets copies.
  const status = yield* entry.put(toChunk(head)).pipe(
    Effect.andThen(MessageText.forEachPiece(text, (piece) => entry.put(piece.slice()))),
    Effect.andThen(entry.finish({ sender, recipients })),
    Effect.catch(() => entry.abandon),
    Effect.onInterrupt(() => Effect.ignore(entry.abandon))
  )
  return { _tag: "ForwardAnswered", status } as const
})

/** What a pipe and a socket answer when they are read at a place, or opened anew. */
const unseekable: ReadonlySet<Errno> = new Set(["ESPIPE", "ENXIO"])

const dotQmailPieceBytes = 4096
