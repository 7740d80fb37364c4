/** The program qmail-mkids (W143): `[-f useradd|passwd] [-P passwd] [-G group]`, all missing ids as commands or lines. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type ByteString, fromChunk, toChunk } from "../../core/Bytes.ts"
import * as Getopt from "../../core/command/Getopt.ts"
import { exitPermanent, exitSuccess } from "../../core/Outcome.ts"
import * as AccountFiles from "../../core/users/AccountFiles.ts"
import * as AccountPlan from "../../core/home/AccountPlan.ts"
import { Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import * as HomeTree from "../home/HomeTree.ts"
import { Identity } from "../platform/Identity.ts"

export const printAccounts = Effect.gen(function* () {
  const files = yield* Files
  const { path, record } = yield* Home
  const { arguments: args, program } = yield* Identity
  const say = (fd: number, text: ByteString) => Effect.mapError(files.write(fd, toChunk(text)), HomeTree.explain)
  const parsed = Getopt.parse("f:P:G:", args)
  const option = (letter: string, otherwise: ByteString) =>
    (Result.isSuccess(parsed) ? parsed.success.options : []).findLast((one) => one.letter === letter)?.value ??
    otherwise
  const form = option("f", "useradd")
  if (Result.isFailure(parsed) || parsed.success.rest.length > 0 || (form !== "useradd" && form !== "passwd")) {
    if (Result.isFailure(parsed)) yield* say(2, `${program}: ${parsed.failure}\n`)
    yield* say(2, `${program}: usage: ${program} [-f useradd|passwd] [-P passwd] [-G group]\n`)
    return exitPermanent
  }
  const lines = <A>(file: ByteString, parse: (line: ByteString) => A | undefined) =>
    files.readFile(file).pipe(
      Effect.map((content) =>
        fromChunk(content)
          .split("\n")
          .map(parse)
          .filter((one) => one !== undefined)
      ),
      Effect.mapError(HomeTree.explain)
    )
  const users = yield* lines(option("P", "/etc/passwd"), AccountFiles.passwdLine)
  const groups = yield* lines(option("G", "/etc/group"), AccountFiles.groupLine)
  const plan = AccountPlan.missing(record, path, {
    user: (name) => users.some((user) => user.name === name),
    group: (name) => groups.some((group) => group.name === name)
  })
  yield* say(1, AccountPlan.format(plan, form, { users, groups }))
  return exitSuccess
})
