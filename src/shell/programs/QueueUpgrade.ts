/** qmail-upq: moves every message file into the subdirectory that its number belongs to. For a stopped queue only. */
import * as Effect from "effect/Effect"
import { type ExitCode, exitSuccess, exitTemporary, systemText } from "../../core/Outcome.ts"
import * as MessageNumber from "../../core/queue/MessageNumber.ts"
import { type FileCalls, Files, type FilesError } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Fatal } from "../platform/Main.ts"

export const upgrade: Effect.Effect<ExitCode, Fatal, Files | Home> = Effect.gen(function* () {
  const files = yield* Files
  const { path, record } = yield* Home
  for (const name of ["mess", "info", "local", "remote"])
    yield* Effect.mapError(sort(files, `${path}/queue/${name}`, record.split), fatal)
  return exitSuccess
})

const sort = Effect.fnUntraced(function* (files: FileCalls, directory: string, split: number) {
  const { mode } = yield* files.stat(directory)
  for (let i = 0; i < split; i++)
    yield* Effect.catchIf(
      files.mkdir(`${directory}/${i}`, mode),
      ({ errno }) => errno === "EEXIST",
      () => Effect.void
    )
  for (const name of yield* files.list(directory)) {
    const entry = `${directory}/${name}`
    const { kind } = yield* files.lstat(entry)
    if (kind === "file") yield* place(files, directory, name, entry, split)
    else if (kind === "directory")
      for (const inner of yield* files.list(entry)) yield* place(files, directory, inner, `${entry}/${inner}`, split)
  }
  for (let i = 0; i < split; i++) yield* files.syncDirectory(`${directory}/${i}`)
})

/** Never over a file that is there: two files of one number are for a person to look at. */
const place = Effect.fnUntraced(function* (
  files: FileCalls,
  directory: string,
  name: string,
  from: string,
  split: number
) {
  if (!MessageNumber.isMessageNumber(name)) return
  const to = `${directory}/${MessageNumber.messId(name, split)}`
  if (to === from) return
  yield* files.link(from, to)
  yield* files.unlink(from)
})

const fatal = ({ errno, operation, path }: FilesError) =>
  new Fatal({ exitCode: exitTemporary, text: `unable to ${operation} ${path}: ${systemText(errno)}` })
