/** preline: the usual lines, then the message of descriptor 0, piped to a command. */
import * as Effect from "effect/Effect"
import * as PrelineArguments from "../core/alias/PrelineArguments.ts"
import { type ByteString, toChunk } from "../core/Bytes.ts"
import { exitPermanent, exitTemporary, isTemporary, systemText } from "../core/Outcome.ts"
import { Files } from "./Files.ts"
import { Identity } from "./Identity.ts"
import { Fatal } from "./Main.ts"
import { type Child, Processes } from "./Processes.ts"

export const preline = Effect.gen(function* () {
  const { arguments: args, environment } = yield* Identity
  const { DTLINE, RPLINE, UFLINE } = environment
  if (DTLINE === undefined || RPLINE === undefined || UFLINE === undefined) return yield* usage("")
  const parsed = PrelineArguments.parse(args)
  if ("complaint" in parsed) return yield* usage(parsed.complaint === undefined ? "" : `preline: ${parsed.complaint}\n`)
  const given = { DTLINE, RPLINE, UFLINE }
  return yield* pipeTo(parsed.command, parsed.arguments, parsed.lines.map((name) => given[name]).join(""))
})

/** Answers with the command's exit code. A command that reads no more is not an error. */
export const pipeTo = Effect.fnUntraced(function* (
  program: ByteString,
  args: ReadonlyArray<ByteString>,
  head: ByteString
) {
  const { environment } = yield* Identity
  const child = yield* (yield* Processes)
    .spawn({ program, arguments: args, environment, descriptors: ["toChild", 1, 2] })
    .pipe(
      Effect.catch(({ errno }) =>
        fail(isTemporary(errno) ? exitTemporary : exitPermanent, `unable to run ${program}: ${systemText(errno)}`)
      )
    )
  yield* child.write(0, toChunk(head))
  yield* copyInput(child)
  yield* child.end(0)
  const ending = yield* child.ending
  return ending._tag === "Exited" ? ending.exitCode : yield* fail(exitTemporary, "child crashed")
})

const copyInput = Effect.fnUntraced(function* (child: Child) {
  const files = yield* Files
  for (;;) {
    const piece = yield* files
      .read(0, pieceBytes, null)
      .pipe(Effect.catch(({ errno }) => fail(exitTemporary, `unable to copy input: ${systemText(errno)}`)))
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
