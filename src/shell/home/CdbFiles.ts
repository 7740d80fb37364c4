/** Databases made from text files, each replaced as a whole: users/cdb and control/morercpthosts.cdb. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type ByteString, fromChunk, lower } from "../../core/Bytes.ts"
import * as Cdb from "../../core/control/Cdb.ts"
import * as ControlFile from "../../core/control/ControlFile.ts"
import { exitSuccess, exitTemporary, systemText } from "../../core/Outcome.ts"
import * as UserAssign from "../../core/users/UserAssign.ts"
import { Files, FilesError } from "../platform/Files.ts"
import { Home } from "./Home.ts"
import { Fatal } from "../platform/Main.ts"

/** Which step failed: opening or writing the new file, or giving it its name. */
export type Step = "open" | "write" | "move"

/** The new content is on disk before it gets the name, and the name before this ends. */
export const replace = Effect.fnUntraced(function* (
  path: ByteString,
  fresh: ByteString,
  content: Uint8Array,
  failed: (step: Step, error: FilesError) => Fatal
) {
  const files = yield* Files
  const on = (step: Step) => Effect.mapError((error: FilesError) => failed(step, error))
  yield* Effect.acquireUseRelease(
    on("open")(files.open(fresh, "replace", modeOfDatabases)),
    (fd) =>
      on("write")(
        files
          .write(fd, content)
          .pipe(Effect.andThen(files.chmod(fresh, modeOfDatabases)), Effect.andThen(files.fsync(fd)))
      ),
    (fd) => Effect.ignore(files.close(fd))
  )
  yield* on("move")(files.rename(fresh, path))
  yield* on("move")(files.syncDirectory(path.slice(0, path.lastIndexOf("/"))))
})

/** qmail-newu: users/assign becomes users/cdb. */
export const newUsers = Effect.gen(function* () {
  const files = yield* Files
  const home = yield* Home
  yield* Effect.mapError(files.stat(home.path), () => fatal("unable to chdir"))
  const content = yield* Effect.mapError(files.readFile(`${home.path}/users/assign`), ({ operation }) =>
    fatal(`unable to ${operation} users/assign`)
  )
  const assignments = UserAssign.parse(fromChunk(content))
  if (Result.isFailure(assignments)) return yield* fatal("bad format in users/assign")
  const built = Cdb.build(UserAssign.records(assignments.success))
  if (Result.isFailure(built)) return yield* fatal("unable to write users/cdb.tmp")
  yield* replace(`${home.path}/users/cdb`, `${home.path}/users/cdb.tmp`, built.success, (step) =>
    fatal(step === "move" ? "unable to move users/cdb.tmp to users/cdb" : `unable to ${step} users/cdb.tmp`)
  )
  return exitSuccess
})

/** qmail-newmrh: control/morercpthosts becomes control/morercpthosts.cdb. */
export const newMoreRcptHosts = Effect.gen(function* () {
  const files = yield* Files
  const home = yield* Home
  const source = `${home.path}/control/morercpthosts`
  yield* Effect.mapError(files.stat(home.path), because(`unable to chdir to ${home.path}`))
  const content = yield* Effect.mapError(files.readFile(source), because("unable to read control/morercpthosts"))
  const records = ControlFile.lines(fromChunk(content)).map((host) => ({ key: lower(host), data: "" }))
  const built = Cdb.build(records)
  if (Result.isFailure(built)) return yield* fatal(`unable to write to ${freshHosts}: ${systemText("EFBIG")}`)
  yield* replace(`${source}.cdb`, `${home.path}/${freshHosts}`, built.success, (step, error) =>
    because(
      step === "move" ? `unable to move ${freshHosts} to control/morercpthosts.cdb` : `unable to write to ${freshHosts}`
    )(error)
  )
  return exitSuccess
})

const fatal = (text: string): Fatal => new Fatal({ exitCode: exitTemporary, text })
const because =
  (text: string) =>
  ({ errno }: FilesError): Fatal =>
    fatal(`${text}: ${systemText(errno)}`)

const freshHosts = "control/morercpthosts.tmp"
const modeOfDatabases = 0o644
