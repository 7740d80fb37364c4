/** The program qmail-pw2u: a passwd file on descriptor 0, assignments on descriptor 1. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type ByteString, concat, fromChunk, toChunk } from "../../core/Bytes.ts"
import * as Getopt from "../../core/command/Getopt.ts"
import * as ControlFile from "../../core/control/ControlFile.ts"
import * as ControlMap from "../../core/control/ControlMap.ts"
import { exitPermanent, exitSuccess, exitTemporary } from "../../core/Outcome.ts"
import * as PasswdAssign from "../../core/users/PasswdAssign.ts"
import { Files, orIfAbsent } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { Fatal } from "../platform/Main.ts"

export const convert = Effect.gen(function* () {
  const files = yield* Files
  const { arguments: args, program } = yield* Identity
  const { path, record } = yield* Home
  const parsed = Getopt.parse("/ohHuUc:C", args)
  if (Result.isFailure(parsed)) {
    yield* Effect.ignore(files.write(2, toChunk(`${program}: ${parsed.failure}\n`)))
    return exitPermanent
  }
  yield* Effect.mapError(files.stat(path), () => fatal("unable to chdir"))
  const content = (name: string) =>
    files.readFile(`${path}/users/${name}`).pipe(
      Effect.map((bytes): ByteString | undefined => fromChunk(bytes)),
      (read) => orIfAbsent(read, () => undefined),
      Effect.mapError(() => fatal("unable to read controls"))
    )
  const list = (name: string) =>
    Effect.map(content(name), (text) => (text === undefined ? undefined : ControlFile.list(text)))
  const include = yield* list("include")
  const exclude = yield* list("exclude")
  const mailNames = yield* list("mailnames")
  const wishes: PasswdAssign.Wishes = {
    ...PasswdAssign.optionsOf(parsed.success.options, record.break),
    include: include && ControlMap.setOf(include),
    exclude: exclude && ControlMap.setOf(exclude),
    mailNames: ControlMap.mapOf(mailNames ?? [])
  }
  const say = (text: ByteString) =>
    Effect.mapError(files.write(1, toChunk(text)), () => fatal("unable to write output"))

  const assignments = (entries: ReadonlyArray<PasswdAssign.PasswdEntry>): ByteString =>
    entries.map((entry) => PasswdAssign.lines(entry, wishes, record.users.alias)).join("")
  // qmail lets go of its output when it asks for more input: here, before a last line that no line feed ends.
  const lines = yield* inputLines
  const first = yield* accounts(lines.slice(0, -1), wishes)
  yield* say(assignments(first))
  const last = yield* accounts(lines.slice(-1), wishes)
  const accepted = [...first, ...last]
  if (!accepted.some(({ user }) => user === record.users.alias))
    return yield* fatal(`unable to find ${record.users.alias} user`)
  const { missing, text } = PasswdAssign.subusers((yield* content("subusers")) ?? "", accepted, wishes)
  if (missing !== undefined) return yield* fatal(`unable to find ${missing} user for subuser`)
  yield* say(`${assignments(last)}${text}${(yield* content("append")) ?? ""}.\n`)
  return exitSuccess
})

/** Those that get mail. Fails if a home cannot be looked at. */
const accounts = Effect.fnUntraced(function* (lines: ReadonlyArray<ByteString>, wishes: PasswdAssign.Wishes) {
  const files = yield* Files
  const accepted: Array<PasswdAssign.PasswdEntry> = []
  for (const line of lines) {
    const entry = PasswdAssign.parseLine(line)
    if (entry === undefined || !PasswdAssign.isWanted(entry, wishes)) continue
    if (wishes.homes !== "ignored") {
      const ownerUid = yield* files.stat(entry.homedir).pipe(
        Effect.map(({ uid }): number | undefined => uid),
        (stat) => (wishes.homes === "checked" ? orIfAbsent(stat, () => undefined) : stat),
        Effect.mapError(() => fatal(`unable to stat ${entry.homedir}`))
      )
      if (ownerUid === undefined || !PasswdAssign.ownsHome(entry, ownerUid)) continue
    }
    accepted.push(entry)
  }
  return accepted
})

const inputLines = Effect.gen(function* () {
  const files = yield* Files
  const pieces: Array<Uint8Array> = []
  for (;;) {
    const piece = yield* Effect.mapError(files.read(0, 65536, null), () => fatal("unable to read input"))
    if (piece.length === 0) return fromChunk(concat(pieces)).split("\n")
    pieces.push(piece)
  }
})

const fatal = (text: ByteString): Fatal => new Fatal({ exitCode: exitTemporary, text })
