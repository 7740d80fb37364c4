/** `thresher help PROGRAM`: shows a manual page with man(1). */
import * as Effect from "effect/Effect"
import { dirname, join, resolve } from "node:path"
import { type ByteString, fromText } from "../core/Bytes.ts"
import { type ExitCode, exitPermanent, exitTemporary } from "../core/Outcome.ts"
import { Files } from "./Files.ts"
import { Identity } from "./Identity.ts"
import { Fatal } from "./Main.ts"
import { Processes } from "./Processes.ts"

const sections = ["8", "1", "5", "7"]

/** Beside the sources where the programs were built, below man/ where they were installed. */
const places = (name: ByteString): ReadonlyArray<ByteString> => {
  const here = dirname(resolve(process.argv[1] ?? "."))
  return sections.flatMap((section) => [
    fromText(join(here, "../../docs/man", `${name}.${section}`)),
    fromText(join(here, `../man/man${section}`, `${name}.${section}`))
  ])
}

export const show = Effect.fn("ManualPage.show")(function* (name: ByteString) {
  if (!/^[a-z0-9_.-]+$/i.test(name)) return yield* fatal(exitPermanent, `no manual page: ${name}`)
  const files = yield* Files
  for (const place of places(name)) {
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
