/** Performs a Submission: descriptor 0 goes, completed, into the queue or to descriptor 1. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type ByteString, fromChunk, toChunk } from "../../core/Bytes.ts"
import * as ControlFile from "../../core/control/ControlFile.ts"
import { setOf } from "../../core/control/ControlMap.ts"
import * as Settings from "../../core/control/Settings.ts"
import * as Submission from "../../core/header/Submission.ts"
import * as SubmissionOptions from "../../core/header/SubmissionOptions.ts"
import { type ExitCode, exitTemporary, systemText } from "../../core/Outcome.ts"
import { Controls } from "../home/Controls.ts"
import { isMissing } from "../platform/Descriptors.ts"
import { Files, orIfAbsent } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { Fatal } from "../platform/Main.ts"
import { QueueClient, type QueueEntry } from "../queue/QueueClient.ts"

/** `prefix` is put before what descriptor 0 holds. */
export const submit = Effect.fnUntraced(function* (args: ReadonlyArray<ByteString>, prefix: ByteString = "") {
  const files = yield* Files
  const queue = yield* QueueClient
  const facts = yield* Effect.mapError(gather(args), (text) => new Fatal({ exitCode: exitTemporary, text }))

  const closed = isMissing(0)
  const read = files.read(0, chunkBytes, null).pipe(
    Effect.map((bytes): Submission.Event =>
      bytes.length > 0 ? { _tag: "BytesRead", bytes } : closed ? { _tag: "ReadFailed" } : { _tag: "InputEnded" }
    ),
    Effect.orElseSucceed((): Submission.Event => ({ _tag: "ReadFailed" }))
  )

  let entry: QueueEntry | undefined
  const perform = Effect.fnUntraced(function* (command: Submission.Command) {
    switch (command._tag) {
      case "OpenQueue":
        entry = yield* queue.open("user")
        return undefined
      case "PutMessage":
        yield* entry!.put(command.bytes)
        return undefined
      case "AbandonMessage":
        yield* entry!.abandon
        return undefined
      case "FinishMessage": {
        const status = yield* entry!.finish(command.envelope)
        return status._tag === "Queued" ? queued : ({ ...status, _tag: "QueueRefused" } as const)
      }
      case "Print":
        return yield* files.write(1, command.bytes).pipe(
          Effect.as(undefined),
          Effect.catch(({ errno }) => Effect.succeed({ _tag: "PrintFailed", reason: systemText(errno) } as const))
        )
    }
  })

  let { commands, state } = Submission.initial({ ...facts, prefix })
  let event: Submission.Event | undefined
  for (;;) {
    for (const command of commands) event = (yield* perform(command)) ?? event
    if (event === undefined && Submission.isOver(state)) break
    event ??= yield* read
    ;({ commands, state } = Submission.decide(state, event))
    event = undefined
  }
  if (state.complaint !== "") yield* Effect.ignore(files.write(2, toChunk(state.complaint)))
  return state.exitCode satisfies ExitCode
})

/** What the environment and the home say. The failure is a text for descriptor 2. */
const gather = Effect.fnUntraced(function* (args: ReadonlyArray<ByteString>) {
  const { environment, pid } = yield* Identity
  const files = yield* Files
  const home = yield* Home
  const controls = yield* Controls
  const time = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  const options = SubmissionOptions.parse(args, environment)
  const readError = Effect.mapError(() => "read error")
  const lists =
    options.followupFile === undefined
      ? undefined
      : yield* files.readFile(options.followupFile).pipe(
          Effect.map((content) => setOf(ControlFile.list(fromChunk(content)))),
          (reading) => orIfAbsent(reading, () => undefined),
          readError
        )
  const { kind } = yield* Effect.mapError(files.stat(home.path), () => "internal bug")
  if (kind !== "directory") return yield* Effect.fail("internal bug")
  const line = (setting: Settings.LineSetting) => Effect.map(readError(controls.line(setting)), (value) => value ?? "")
  return {
    classic: home.record.classic,
    options,
    lists,
    time,
    pid,
    controls: {
      defaultDomain: yield* line(Settings.settings.defaultdomain),
      defaultHost: yield* line(Settings.settings.defaulthost),
      plusDomain: yield* line(Settings.settings.plusdomain),
      idHost: yield* line(Settings.settings.idhost)
    }
  } satisfies Submission.Input
})

/** qmail-inject. */
export const inject = Effect.flatMap(Identity, ({ arguments: args }) => submit(args))

const queued = { _tag: "Queued" } as const
const chunkBytes = 65536
