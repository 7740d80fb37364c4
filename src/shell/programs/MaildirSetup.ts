/** maildirmake: an empty Maildir, on disk when it is said to be there. */
import * as Effect from "effect/Effect"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import { exitPermanent, exitSuccess, exitTemporary, systemText } from "../../core/Outcome.ts"
import { Files } from "../platform/Files.ts"
import { Identity } from "../platform/Identity.ts"
import { Fatal } from "../platform/Main.ts"

export const maildirmake = Effect.gen(function* () {
  const files = yield* Files
  const [name] = (yield* Identity).arguments
  if (name === undefined) {
    yield* Effect.ignore(files.write(2, toChunk("maildirmake: usage: maildirmake name\n")))
    return exitPermanent
  }
  yield* make(name)
  return exitSuccess
})

/** Mode 0700 throughout: mail is private. */
export const make = Effect.fnUntraced(function* (maildir: ByteString) {
  const files = yield* Files
  const directories = [maildir, `${maildir}/tmp`, `${maildir}/new`, `${maildir}/cur`]
  for (const directory of directories)
    yield* files
      .mkdir(directory, 0o700)
      .pipe(Effect.mapError(({ errno }) => cannot(`mkdir ${directory}: ${systemText(errno)}`)))
  for (const directory of [...directories, maildir.replace(/\/*[^/]+\/*$/, "") || (maildir[0] === "/" ? "/" : ".")])
    yield* files
      .syncDirectory(directory)
      .pipe(Effect.mapError(({ errno }) => cannot(`sync ${directory}: ${systemText(errno)}`)))
})

const cannot = (what: ByteString) => new Fatal({ exitCode: exitTemporary, text: `unable to ${what}` })
