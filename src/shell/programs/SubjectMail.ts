/** mailsubj: descriptor 0 is the text of a mail whose subject and recipients are arguments. */
import * as Effect from "effect/Effect"
import { toChunk } from "../../core/Bytes.ts"
import * as SubjectHeader from "../../core/header/SubjectHeader.ts"
import { exitPermanent } from "../../core/Outcome.ts"
import { Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { submit } from "./Submitter.ts"

export const mailsubj = Effect.gen(function* () {
  const { arguments: args } = yield* Identity
  const { path, record } = yield* Home
  const [subject, ...recipients] = args
  if (subject !== undefined) {
    const mail = SubjectHeader.format(subject, recipients, record.classic)
    return yield* submit(mail.arguments, mail.header)
  }
  const [text, exitCode] = record.classic
    ? [`${path}/bin/mailsubj: 4: shift: can't shift that many\n`, shellMisuse]
    : ["mailsubj: usage: mailsubj subject recip ...\n", exitPermanent]
  yield* Effect.ignore((yield* Files).write(2, toChunk(text)))
  return exitCode
})

/** The original is a shell script, and says what its shell says. */
const shellMisuse = 2
