/**
 * qmail-lspawn and qmail-rspawn: commands on descriptor 0, reports on descriptor 1, and a child for each delivery,
 * with the message on its descriptor 0 and its output caught for the report.
 */
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import { type ByteString, fromChunk } from "../../core/Bytes.ts"
import * as SpawnProtocol from "../../core/delivery/SpawnProtocol.ts"
import * as SpawnReport from "../../core/delivery/SpawnReport.ts"
import { type ExitCode, exitPermanent, exitSuccess, exitTemporary, isTemporary } from "../../core/Outcome.ts"
import type { Ending } from "../../core/queue/QueueStatus.ts"
import * as TcpTimeouts from "../../core/remote/TcpTimeouts.ts"
import { Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { Fatal } from "../platform/Main.ts"
import * as PipeEnds from "../platform/PipeEnds.ts"
import { type ChildDescription, Processes } from "../platform/Processes.ts"
import * as ProgramStart from "../platform/ProgramStart.ts"
import { fileOf } from "../remote/TcpTimeoutFile.ts"
import { UserDatabase } from "../home/UserDatabase.ts"

type Command = SpawnProtocol.SpawnCommand
type Report = SpawnReport.Report

/** One delivery; `message` is open for reading and belongs to the caller. */
type Deliver<R> = (command: Command, message: number) => Effect.Effect<Report, never, R>

const serve = Effect.fnUntraced(function* <R>(deliver: Deliver<R>) {
  const files = yield* Files
  const { path, record } = yield* Home
  const mess = `${path}/queue/mess`
  const owner = yield* Effect.mapError(files.stat(mess), () => new Fatal({ exitCode: exitTemporary, text: "" }))
  const commands = PipeEnds.reading(0)
  const reports = PipeEnds.writing(1)
  const busy = new Set<number>()
  const running = yield* FiberSet.make<unknown, never>()

  const carryOut = (command: Command) =>
    Effect.acquireUseRelease(
      files.open(`${mess}/${command.messId}`, "readNonBlocking"),
      (fd) =>
        Effect.matchEffect(files.fstat(fd), {
          onFailure: () => Effect.succeed<Report>(SpawnProtocol.trouble.stat),
          onSuccess: ({ kind, uid }) =>
            kind !== "file"
              ? Effect.succeed<Report>(SpawnProtocol.trouble.type)
              : // Whoever owns the queue wrote the message; a file of anyone else was put there by a thief.
                uid !== owner.uid
                ? Effect.succeed<Report>(SpawnProtocol.trouble.owner)
                : deliver(command, fd)
        }),
      (fd) => Effect.ignore(files.close(fd))
    ).pipe(Effect.catchTag("FilesError", () => Effect.succeed<Report>(SpawnProtocol.trouble.open)))

  const accept = (command: Command): Effect.Effect<unknown, never, R> => {
    const { slot } = command
    const objection = SpawnProtocol.objection(command, record.spawn, (slot) => busy.has(slot))
    if (objection !== undefined) return reports.write(SpawnProtocol.formatReport(slot, objection))
    busy.add(slot)
    return FiberSet.run(
      running,
      Effect.flatMap(carryOut(command), (report) => {
        busy.delete(slot)
        return reports.write(SpawnProtocol.formatReport(slot, report))
      })
    )
  }

  yield* reports.write(Uint8Array.of(record.spawn))
  let rest: Uint8Array = new Uint8Array(0)
  for (;;) {
    const piece = yield* commands.read
    if (piece.length === 0) break
    const read = SpawnProtocol.readCommands(rest, piece)
    rest = read.rest
    yield* Effect.forEach(read.commands, accept, { discard: true })
  }
  yield* FiberSet.awaitEmpty(running)
  return exitSuccess
}, Effect.scoped)

/** Runs a child to its end, and catches what it and its children print on descriptors 1 and 2, in order. */
const catching = Effect.fnUntraced(function* (
  child: Omit<ChildDescription, "descriptors">,
  message: number,
  max: number
) {
  const processes = yield* Processes
  const running = yield* processes.spawn({
    ...child,
    program: "/bin/sh",
    // Both descriptors are one pipe, which node cannot arrange.
    arguments: ["-c", 'exec "$@" 2>&1', "/bin/sh", child.program, ...child.arguments],
    descriptors: [message, "fromChild", "ignore"]
  })
  let output: ByteString = ""
  for (;;) {
    const piece = yield* running.read(1)
    if (piece.length === 0) break
    if (output.length < max) output += fromChunk(piece, 0, Math.min(piece.length, max - output.length))
  }
  return { ending: yield* ProgramStart.endingOf(child, yield* running.ending), output }
})

/** Host, sender, recipient: qmail-remote does the rest. */
export const remote = Effect.gen(function* () {
  const files = yield* Files
  const { path } = yield* Home
  const { environment } = yield* Identity
  // Hosts that timed out get another chance. (qmail-rspawn.c, initialize)
  for (const layout of [TcpTimeouts.layoutV4, TcpTimeouts.layoutV6])
    yield* Effect.ignore(
      Effect.acquireUseRelease(
        files.open(`${path}/${fileOf(layout)}`, "write"),
        (fd) => files.write(fd, new Uint8Array(TcpTimeouts.fileBytes(layout))),
        (fd) => files.close(fd)
      )
    )
  const program = environment["QMAILREMOTE"] ?? "qmail-remote"
  return yield* serve(({ recipient, sender }, message) => {
    const host = recipient.slice(recipient.lastIndexOf("@") + 1)
    const child = { program, arguments: [host, sender, recipient], environment, directory: `${path}/queue/mess` }
    return catching(child, message, remoteBytesMax).pipe(
      Effect.map(({ ending, output }) => SpawnReport.ofRemote(ending, output)),
      Effect.orElseSucceed((): Report => SpawnProtocol.trouble.fork)
    )
  })
})

/** The account that the local part belongs to, and qmail-local as its user. */
export const local = Effect.gen(function* () {
  const [defaultDelivery] = (yield* Identity).arguments
  if (defaultDelivery === undefined) return exitPermanent
  const { path, record } = yield* Home
  const files = yield* Files
  const users = yield* UserDatabase
  const { effectiveUid, environment } = yield* Identity
  const program = `${path}/bin/qmail-local`
  const maySwitch = record.owners === "many" && effectiveUid === 0
  return yield* serve(({ recipient, sender }, message) => {
    const at = recipient.lastIndexOf("@")
    const box = recipient.slice(0, at)
    if (box === "") return Effect.succeed<Report>(SpawnReport.trash)
    return Effect.gen(function* () {
      const found = yield* users.lookup(box)
      if (found._tag === "Failed") return SpawnReport.ofLocal(exited(found.exitCode), "")
      const { dash, ext, gid, homedir, uid, user } = found.account
      const unrunnable = yield* whyNotRunnable(files, program)
      if (unrunnable !== undefined) return SpawnReport.ofLocal(exited(unrunnable), "")
      const child = {
        program,
        arguments: ["--", user, homedir, box, dash, ext, recipient.slice(at + 1), sender, defaultDelivery],
        environment,
        directory: path,
        ...(maySwitch && { uid, gid })
      }
      const { ending, output } = yield* catching(child, message, SpawnReport.localBytesMax + 1)
      return SpawnReport.ofLocal(ending, SpawnReport.cutLocal(output))
    }).pipe(Effect.orElseSucceed((): Report => SpawnProtocol.trouble.fork))
  })
})

const exited = (exitCode: ExitCode): Ending => ({ _tag: "Exited", exitCode })

const whyNotRunnable = (files: Files["Service"], program: ByteString): Effect.Effect<ExitCode | undefined> =>
  Effect.match(files.stat(program), {
    onFailure: ({ errno }) =>
      isTemporary(errno) ? SpawnReport.unableToRun.local.temporary : SpawnReport.unableToRun.local.permanent,
    onSuccess: () => undefined
  })

/** qmail-send believes less, and nobody needs more. */
const remoteBytesMax = 65536
