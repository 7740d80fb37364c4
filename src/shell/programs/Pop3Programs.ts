/** qmail-popup and qmail-pop3d: who is it, and then his Maildir, on descriptors 0 and 1. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import type { ExitCode } from "../../core/Outcome.ts"
import * as Pop3Login from "../../core/pop3/Pop3Login.ts"
import * as Pop3Server from "../../core/pop3/Pop3Server.ts"
import * as Pop3Text from "../../core/pop3/Pop3Text.ts"
import * as Connections from "../platform/Connections.ts"
import { qmailHome } from "../../core/control/InstallRecord.ts"
import { Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import * as MaildirListing from "../local/MaildirListing.ts"
import { Processes } from "../platform/Processes.ts"

/** To wait for the client, at each reading and each writing. (timeoutread) */
const patienceSeconds = 1200

/** Without a home that can be read it is a qmail home: neither program needs one. */
const isStrict = Effect.provide(
  Effect.map(Home, ({ record }) => !record.classic),
  Home.layer
).pipe(Effect.orElseSucceed(() => false))

const services = Layer.mergeAll(Files.layerSync, Identity.layer, Processes.layer)

const readHome = Effect.provide(Home, Home.layer)

export const popup: Effect.Effect<ExitCode> = Effect.gen(function* () {
  const { arguments: given, pid } = yield* Identity
  const [hostName, ...checker] = given
  // It needs no home: one that cannot be read is as good as qmail's.
  const { classic } = yield* Effect.orElseSucceed(
    Effect.map(readHome, ({ record }) => record),
    () => qmailHome
  )
  const connection = yield* Connections.ofDescriptors(0, 1, patienceSeconds, Pop3Login.readBytes(classic))
  if (hostName === undefined || checker.length === 0) {
    yield* connection.send(Pop3Login.usage)
    yield* connection.close
    return 1
  }
  const time = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  const challenge = `<${pid}.${time}@${hostName}>`
  let { commands, state } = Pop3Login.initial({ challenge, isStrict: yield* isStrict })
  for (;;) {
    let event: Pop3Login.Event | undefined
    for (const command of commands)
      switch (command._tag) {
        case "Reply":
          if (!(yield* connection.send(command.text))) event = { _tag: "PeerEnded" }
          break
        case "Check":
          event = { _tag: "CheckEnded", ending: yield* check(checker, command.record) }
          break
        case "Close":
          yield* connection.close
          return command.exitCode
      }
    if (event === undefined) {
      const incoming = yield* connection.receive
      event = incoming._tag === "Bytes" ? { _tag: "BytesReceived", bytes: incoming.bytes } : { _tag: "PeerEnded" }
    }
    ;({ commands, state } = Pop3Login.decide(state, event))
  }
}).pipe(Effect.provide(services))

/** A program that cannot be started has not believed anybody. */
const check = Effect.fnUntraced(function* (checker: ReadonlyArray<ByteString>, record: ByteString) {
  const { environment } = yield* Identity
  const processes = yield* Processes
  const [program, ...rest] = checker
  return yield* processes
    .spawn({ program: program!, arguments: rest, environment, descriptors: [0, 1, 2, "toChild"] })
    .pipe(
      Effect.flatMap((child) =>
        Effect.andThen(Effect.andThen(child.write(3, toChunk(record)), child.end(3)), child.ending)
      ),
      Effect.orElseSucceed(() => ({ _tag: "Exited", exitCode: 1 }) as const)
    )
})

export const pop3d: Effect.Effect<ExitCode> = Effect.gen(function* () {
  const { arguments: given, uid } = yield* Identity
  const files = yield* Files
  if (uid === 0) {
    yield* Effect.ignore(files.write(2, toChunk("qmail-pop3d invoked as uid 0, terminating\n")))
    return 1
  }
  const connection = yield* Connections.ofDescriptors(0, 1, patienceSeconds)
  const refuse = (text: ByteString) => Effect.as(Effect.andThen(connection.send(text), connection.close), 0)
  const maildir = given[0]
  if (maildir === undefined) return yield* refuse(Pop3Server.noMaildir)
  const found = yield* files.stat(maildir).pipe(Effect.orElseSucceed(() => undefined))
  if (found?.kind !== "directory") return yield* refuse(Pop3Server.noMaildir)
  yield* MaildirListing.clean(maildir)
  const stored = yield* MaildirListing.messages(maildir).pipe(Effect.orElseSucceed(() => undefined))
  if (stored === undefined) return yield* refuse(Pop3Server.unreadable)
  return yield* serve(
    connection,
    maildir,
    stored.map(({ bytes, name }) => ({ file: name, bytes }))
  )
}).pipe(Effect.provide(services))

const serve = Effect.fnUntraced(function* (
  connection: Connections.Connection,
  maildir: ByteString,
  messages: ReadonlyArray<Pop3Server.Message>
) {
  const files = yield* Files
  let { commands, state } = Pop3Server.initial({ messages, isStrict: yield* isStrict })
  let opened = -1
  for (;;) {
    let event: Pop3Server.Event | undefined
    for (const command of commands)
      switch (command._tag) {
        case "Reply":
          if (!(yield* connection.send(command.text))) event = { _tag: "PeerEnded" }
          break
        case "OpenMessage":
          opened = yield* files.open(`${maildir}/${command.file}`, "read").pipe(Effect.orElseSucceed(() => -1))
          event = opened < 0 ? { _tag: "MessageMissing" } : { _tag: "MessageOpened" }
          break
        case "SendMessage":
          event = (yield* sendMessage(connection, opened, command.bodyLines))
            ? { _tag: "MessageSent" }
            : { _tag: "PeerEnded" }
          yield* Effect.ignore(files.close(opened))
          break
        case "Settle":
          event = { _tag: "Settled", kept: yield* settle(maildir, command) }
          break
        case "Close":
          yield* connection.close
          return command.exitCode
      }
    if (event === undefined) {
      const incoming = yield* connection.receive
      event = incoming._tag === "Bytes" ? { _tag: "BytesReceived", bytes: incoming.bytes } : { _tag: "PeerEnded" }
    }
    ;({ commands, state } = Pop3Server.decide(state, event))
  }
})

/** False: the client is gone, or the message can be read no further. Then nothing more can be said. */
const sendMessage = Effect.fnUntraced(function* (connection: Connections.Connection, fd: number, bodyLines: number) {
  const files = yield* Files
  let state = Pop3Text.start(bodyLines)
  for (let isEnough = false; !isEnough;) {
    const chunk = yield* files.read(fd, chunkBytes, null).pipe(Effect.orElseSucceed(() => undefined))
    if (chunk === undefined) return false
    if (chunk.length === 0) break
    const encoded = Pop3Text.encode(state, chunk)
    ;({ isEnough, state } = encoded)
    if (!(yield* connection.send(encoded.bytes))) return false
  }
  return yield* connection.send(Pop3Text.end(state))
})

const chunkBytes = 65536

/** Answers how many could not be removed. A message that cannot be moved stays new. */
const settle = Effect.fnUntraced(function* (
  maildir: ByteString,
  { moved, removed }: Extract<Pop3Server.Command, { readonly _tag: "Settle" }>
) {
  const files = yield* Files
  let kept = 0
  for (const file of removed)
    yield* files.unlink(`${maildir}/${file}`).pipe(Effect.catch(() => Effect.sync(() => void kept++)))
  for (const { from, to } of moved) yield* Effect.ignore(files.rename(`${maildir}/${from}`, `${maildir}/${to}`))
  return kept
})
