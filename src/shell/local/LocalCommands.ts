/** Runs the `|command` lines of .qmail files. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as CommandContext from "../../core/local/CommandContext.ts"
import type * as LocalDelivery from "../../core/local/LocalDelivery.ts"
import type { ByteString } from "../../core/Bytes.ts"
import type { Ending } from "../../core/queue/QueueStatus.ts"
import type { Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { withMessage } from "./MessageText.ts"
import { type Child, type ChildDescription, Processes } from "../platform/Processes.ts"

export interface ProgramRun {
  readonly command: ByteString
  readonly variables: Readonly<Record<ByteString, ByteString>>
  readonly job: { readonly homedir: ByteString; readonly message: ByteString }
  /** Takes what the command prints; undefined: it inherits our descriptors 1 and 2, and our umask. */
  readonly listen: ((bytes: Uint8Array) => void) | undefined
}

/** Each command has an open file description of its own: what one has read, the next one reads again. */
export const runProgram = (
  run: ProgramRun
): Effect.Effect<LocalDelivery.Event, never, Files | Home | Identity | Processes> =>
  Effect.gen(function* () {
    const { path, record } = yield* Home
    const { environment: inherited } = yield* Identity
    const processes = yield* Processes
    const environment = {
      ...CommandContext.environment(inherited, { path, classic: record.classic }),
      ...run.variables
    }
    return yield* withMessage(run.job.message, (fd) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(processes.spawn(childOf(run, environment, fd)), (child) =>
          restore(attend(child, run.listen)).pipe(Effect.onInterrupt(() => stop(child)))
        )
      )
    )
  }).pipe(
    Effect.map((ending): LocalDelivery.Event => ({ _tag: "ProgramEnded", ending })),
    Effect.catchTags({
      ProcessesError: ({ errno }) => answer({ _tag: "ProgramNotRun", errno }),
      FilesError: ({ errno }) => answer({ _tag: "MessageUnreadable", errno })
    })
  )

const answer = (event: LocalDelivery.Event) => Effect.succeed(event)

const childOf = (
  { command, job, listen }: ProgramRun,
  environment: ChildDescription["environment"],
  message: number
): ChildDescription => {
  const shell = ["/bin/sh", "-c", command]
  return {
    program: "/bin/sh",
    arguments: listen === undefined ? shell.slice(1) : ["-c", inPrivate, ...shell.slice(0, 1), ...shell],
    environment,
    directory: job.homedir,
    descriptors: listen === undefined ? [message, 1, 2] : [message, "fromChild", "ignore"],
    ownGroup: listen !== undefined
  }
}

/** In a server, umask and descriptor 2 of one child cannot be set from outside. */
const inPrivate = 'umask 077; exec "$@" 2>&1'

const attend = Effect.fnUntraced(function* (child: Child, listen: ProgramRun["listen"]) {
  if (listen === undefined) return yield* child.ending
  const reader = yield* Effect.forkChild(readAll(child, listen))
  const ending: Ending = yield* child.ending
  // A process left behind may hold the pipe for ever: what it prints belongs to no report.
  yield* Effect.timeoutOption(Fiber.join(reader), lastWordsMillis)
  yield* child.close(outputDescriptor)
  yield* Fiber.interrupt(reader)
  return ending
})

const readAll = Effect.fnUntraced(function* (child: Child, listen: (bytes: Uint8Array) => void) {
  for (;;) {
    const piece = yield* child.read(outputDescriptor)
    if (piece.length === 0) return
    listen(piece)
  }
})

const stop = (child: Child): Effect.Effect<void> =>
  child
    .kill("SIGTERM")
    .pipe(
      Effect.andThen(Effect.timeoutOption(child.ending, lastWordsMillis)),
      Effect.andThen(child.kill("SIGKILL")),
      Effect.andThen(child.close(outputDescriptor))
    )

const outputDescriptor = 1
const lastWordsMillis = 1000
