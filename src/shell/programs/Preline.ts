/** preline: the usual lines, then the message of descriptor 0, piped to a command. */
import * as Effect from "effect/Effect"
import type { Answer } from "../../core/local/CommandVerdict.ts"
import * as PrelineArguments from "../../core/command/PrelineArguments.ts"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import { type Errno, exitPermanent, exitTemporary, isTemporary, systemText } from "../../core/Outcome.ts"
import { Files } from "../platform/Files.ts"
import { Identity } from "../platform/Identity.ts"
import { Fatal } from "../platform/Main.ts"
import { type Child, Processes } from "../platform/Processes.ts"

export const preline = Effect.gen(function* () {
  const { arguments: args, environment } = yield* Identity
  const { DTLINE, RPLINE, UFLINE } = environment
  if (DTLINE === undefined || RPLINE === undefined || UFLINE === undefined) return yield* usage("")
  const parsed = PrelineArguments.parse(args)
  if ("complaint" in parsed) return yield* usage(parsed.complaint === undefined ? "" : `preline: ${parsed.complaint}\n`)
  const given = { DTLINE, RPLINE, UFLINE }
  const { command } = parsed
  const outcome = yield* pipeMessage(command, parsed.arguments, parsed.lines.map((name) => given[name]).join(""))
  switch (outcome._tag) {
    case "Exited":
      return outcome.exitCode
    case "Killed":
      return yield* fail(exitTemporary, "child crashed")
    case "NotRun":
      return yield* fail(
        isTemporary(outcome.errno) ? exitTemporary : exitPermanent,
        `unable to run ${command}: ${systemText(outcome.errno)}`
      )
    case "InputUnreadable":
      return yield* fail(exitTemporary, `unable to copy input: ${systemText(outcome.errno)}`)
  }
})

export type PipeOutcome = Answer | { readonly _tag: "InputUnreadable"; readonly errno: Errno }

/** Pipes `head` and descriptor 0 to a command, which writes on our descriptors; one that reads no more is no error. */
export const pipeMessage = Effect.fnUntraced(
  function* (program: ByteString, args: ReadonlyArray<ByteString>, head: ByteString) {
    const { environment } = yield* Identity
    const child = yield* (yield* Processes).spawn({
      program,
      arguments: args,
      environment,
      descriptors: ["toChild", 1, 2]
    })
    yield* child.write(0, toChunk(head))
    yield* copyInput(child)
    yield* child.end(0)
    return (yield* child.ending) as PipeOutcome
  },
  Effect.catchTags({
    ProcessesError: ({ errno }) => Effect.succeed<PipeOutcome>({ _tag: "NotRun", errno }),
    FilesError: ({ errno }) => Effect.succeed<PipeOutcome>({ _tag: "InputUnreadable", errno })
  })
)

const copyInput = Effect.fnUntraced(function* (child: Child) {
  const files = yield* Files
  for (;;) {
    const piece = yield* files.read(0, pieceBytes, null)
    if (piece.length === 0) return
    yield* child.write(0, piece)
  }
})

const usage = (before: ByteString) =>
  Effect.flatMap(Files, (files) =>
    Effect.as(
      Effect.ignore(files.write(2, toChunk(`${before}preline: usage: preline cmd [ arg ... ]\n`))),
      exitPermanent
    )
  )

const fail = (exitCode: number, text: ByteString) => Effect.fail(new Fatal({ exitCode, text }))

const pieceBytes = 65536
