/** elq, pinq, qail: the messages of the Maildir go to the mbox, then a mail reader opens it. */
import * as Effect from "effect/Effect"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import { exitPermanent, exitSuccess, exitTemporary, isTemporary, systemText } from "../../core/Outcome.ts"
import { Files } from "../platform/Files.ts"
import { Identity } from "../platform/Identity.ts"
import { convert } from "./MaildirConversion.ts"
import { Fatal } from "../platform/Main.ts"
import { Processes } from "../platform/Processes.ts"

export const readWith = Effect.fnUntraced(function* (reader: ByteString) {
  const files = yield* Files
  const converted = yield* convert.pipe(
    Effect.catchTag("Fatal", ({ exitCode, text }) =>
      Effect.as(Effect.ignore(files.write(2, toChunk(`maildir2mbox: fatal: ${text}\n`))), exitCode)
    )
  )
  if (converted !== exitSuccess) return converted
  const { arguments: args, environment } = yield* Identity
  const child = yield* (yield* Processes)
    .spawn({ program: reader, arguments: args, environment, descriptors: [0, 1, 2] })
    .pipe(
      Effect.catch(({ errno }) =>
        fail(isTemporary(errno) ? exitTemporary : exitPermanent, `unable to run ${reader}: ${systemText(errno)}`)
      )
    )
  const ending = yield* child.ending
  return ending._tag === "Exited" ? ending.exitCode : yield* fail(exitTemporary, "child crashed")
})

const fail = (exitCode: number, text: ByteString) => Effect.fail(new Fatal({ exitCode, text }))
