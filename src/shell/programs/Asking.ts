/** bouncesaying, except and condredirect: programs that run another one, on their own descriptors, and judge its exit. */
import * as Effect from "effect/Effect"
import * as CommandVerdict from "../../core/local/CommandVerdict.ts"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import { type ExitCode, exitPermanent, exitSuccess, exitTemporary, systemText } from "../../core/Outcome.ts"
import { Files } from "../platform/Files.ts"
import { sendCopy } from "./Forwarding.ts"
import { Identity } from "../platform/Identity.ts"
import { Fatal } from "../platform/Main.ts"
import { Processes } from "../platform/Processes.ts"

const yesOrNo = Effect.fnUntraced(function* (program: ByteString, args: ReadonlyArray<ByteString>) {
  const { environment } = yield* Identity
  const child = (yield* Processes).spawn({ program, arguments: args, environment, descriptors: [0, 1, 2] })
  const answer = yield* Effect.flatMap(child, ({ ending }) => ending).pipe(
    Effect.catch(({ errno }) => Effect.succeed<CommandVerdict.Answer>({ _tag: "NotRun", errno }))
  )
  const verdict = CommandVerdict.verdictOf(answer)
  if (verdict._tag === "Unknown") return yield* new Fatal({ exitCode: exitTemporary, text: verdict.text })
  return verdict._tag === "Yes"
})

const complain = (text: ByteString) => Effect.flatMap(Files, (files) => Effect.ignore(files.write(2, toChunk(text))))

const usage = (text: ByteString): Effect.Effect<ExitCode, never, Files> =>
  Effect.as(complain(`${text}\n`), exitPermanent)

export const except = Effect.gen(function* () {
  const [program, ...args] = (yield* Identity).arguments
  if (program === undefined) return yield* usage("except: usage: except program [ arg ... ]")
  return (yield* yesOrNo(program, args)) ? exitPermanent : exitSuccess
})

export const bouncesaying = Effect.gen(function* () {
  const [text, program, ...args] = (yield* Identity).arguments
  if (text === undefined) return yield* usage("bouncesaying: usage: bouncesaying error [ program [ arg ... ] ]")
  if (program !== undefined && !(yield* yesOrNo(program, args))) return exitSuccess
  yield* complain(`${text}\n`)
  return exitPermanent
})

export const condredirect = Effect.gen(function* () {
  const [address, program, ...args] = (yield* Identity).arguments
  if (address === undefined || program === undefined)
    return yield* usage("condredirect: usage: condredirect newaddress program [ arg ... ]")
  if (!(yield* yesOrNo(program, args))) return exitSuccess
  yield* mustRewind
  yield* complain(`condredirect: qp ${yield* sendCopy("SENDER", [address], "rewound")}\n`)
  return exitDealtWith
})

/** The program may have read the message: whoever reads it at a place of its own has rewound it. */
const mustRewind = Effect.flatMap(Files, (files) => files.read(0, 1, 0)).pipe(
  Effect.catch(({ errno }) =>
    errno === "ESPIPE"
      ? Effect.fail(new Fatal({ exitCode: exitTemporary, text: `unable to rewind: ${systemText(errno)}` }))
      : Effect.void
  )
)

/** No further lines of the .qmail file are followed. */
const exitDealtWith: ExitCode = 99
