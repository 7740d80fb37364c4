/** `thresher help PROGRAM`: shows a manual page with man(1). */
import * as Effect from "effect/Effect"
import type { ByteString } from "../../core/Bytes.ts"
import { type ExitCode, exitPermanent, exitTemporary } from "../../core/Outcome.ts"
import { Files } from "../platform/Files.ts"
import { Identity } from "../platform/Identity.ts"
import { Fatal } from "../platform/Main.ts"
import { Processes } from "../platform/Processes.ts"

const sections = ["8", "1", "5", "7"]

/** Beside the sources where the programs were built, below man/ where they were installed. `bin` may be a link. */
const places = (here: ByteString, name: ByteString): ReadonlyArray<ByteString> =>
  sections.flatMap((section) => [
    `${here}/../../docs/man/${name}.${section}`,
    `${here}/../man/man${section}/${name}.${section}`
  ])

export const show = Effect.fn("ManualPage.show")(function* (name: ByteString) {
  if (!/^[a-z0-9_.-]+$/i.test(name)) return yield* fatal(exitPermanent, `no manual page: ${name}`)
  const files = yield* Files
  const { directory } = yield* Identity
  for (const place of places(directory, name)) {
    const isThere = yield* Effect.orElseSucceed(Effect.as(files.stat(place), true), () => false)
    if (isThere) return yield* page(place)
  }
  return yield* fatal(exitPermanent, `no manual page: ${name}`)
})

const page = Effect.fnUntraced(function* (file: ByteString) {
  const processes = yield* Processes
  const { environment } = yield* Identity
  const child = yield* Effect.mapError(
    processes.spawn({ program: "man", arguments: ["-l", file], environment, descriptors: [0, 1, 2] }),
    () => new Fatal({ exitCode: exitTemporary, text: `unable to run man: the page is ${file}` })
  )
  const ending = yield* child.ending
  return ending._tag === "Exited" ? ending.exitCode : exitTemporary
})

const fatal = (exitCode: ExitCode, text: ByteString) => Effect.fail(new Fatal({ exitCode, text }))
