/** Asks users/cdb, and the accounts of the system behind it, who controls a local part. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { type ByteString, concat, fromChunk, toChunk } from "../../core/Bytes.ts"
import * as Cdb from "../../core/control/Cdb.ts"
import { type ExitCode, exitPermanent, exitSuccess } from "../../core/Outcome.ts"
import type { UserAccount } from "../../core/users/UserAccount.ts"
import * as UserLookup from "../../core/users/UserLookup.ts"
import { Accounts } from "./Accounts.ts"
import { Files, orIfAbsent } from "../platform/Files.ts"
import { Home } from "./Home.ts"
import { Identity } from "../platform/Identity.ts"
import { Processes } from "../platform/Processes.ts"
import * as ProgramStart from "../platform/ProgramStart.ts"

export type Found =
  | { readonly _tag: "Found"; readonly account: UserAccount }
  /** What qmail-lspawn's child would exit with: see SpawnReport. */
  | { readonly _tag: "Failed"; readonly exitCode: ExitCode }

export interface UserLookups {
  readonly lookup: (local: ByteString) => Effect.Effect<Found>
}

const failed = (exitCode: ExitCode): Found => ({ _tag: "Failed", exitCode })
const found = (account: UserAccount): Found => ({ _tag: "Found", account })

export class UserDatabase extends Context.Service<UserDatabase, UserLookups>()("thresher/shell/UserDatabase") {
  /** The getpw rules are applied here: for a server. */
  static readonly layer: Layer.Layer<UserDatabase, never, Accounts | Files | Home | Identity> = Layer.effect(
    UserDatabase,
    Effect.gen(function* () {
      const services = yield* Effect.context<Accounts | Files | Home | Identity>()
      return yield* make((local) => Effect.provideContext(byAccounts(local), services))
    })
  )

  /** bin/qmail-getpw is run, as qmailp where we may: for qmail-lspawn, and where a site has its own qmail-getpw. */
  static readonly layerProgram: Layer.Layer<UserDatabase, never, Accounts | Files | Home | Identity | Processes> =
    Layer.effect(
      UserDatabase,
      Effect.gen(function* () {
        const services = yield* Effect.context<Accounts | Files | Home | Identity | Processes>()
        return yield* make((local) => Effect.provideContext(byProgram(local), services))
      })
    )

  static readonly layerMemory = (known: Readonly<Record<ByteString, UserAccount>>) =>
    Layer.succeed(UserDatabase, {
      lookup: (local) =>
        Effect.sync(() => {
          const account = known[local]
          return account === undefined ? failed(UserLookup.exits.noAlias) : found(account)
        })
    })
}

const make = Effect.fnUntraced(function* (behind: (local: ByteString) => Effect.Effect<Found>) {
  const files = yield* Files
  const home = yield* Home
  const { effectiveUid } = yield* Identity
  const path = `${home.path}/users/cdb`
  /** A server asks thousands of times between two runs of qmail-newu, which replaces the file. */
  let kept: { readonly version: string; readonly content: Uint8Array } | undefined
  const content = Effect.gen(function* () {
    const { bytes, inode, mtime } = yield* files.stat(path)
    const version = `${inode} ${bytes} ${mtime}`
    if (kept?.version !== version) kept = { version, content: yield* files.readFile(path) }
    return kept.content
  })

  const lookup = Effect.fnUntraced(function* (local: ByteString) {
    const file = yield* orIfAbsent(content, () => undefined)
    if (file === undefined) return yield* behind(local)
    const fields = UserLookup.inDatabase((key) => Cdb.find(file, key), local)
    if (Result.isFailure(fields)) return failed(fields.failure)
    if (fields.success === undefined) return yield* behind(local)
    const account = UserLookup.fromFields(fields.success)
    return Result.isFailure(account) ? failed(account.failure) : found(account.success)
  })

  return {
    lookup: (local: ByteString) =>
      lookup(local).pipe(
        Effect.orElseSucceed(() => failed(UserLookup.exits.cdb)),
        Effect.map((answer) => {
          if (answer._tag === "Failed") return answer
          const exitCode = UserLookup.refusal(answer.account, home.record.owners, effectiveUid)
          return exitCode === undefined ? answer : failed(exitCode)
        })
      )
  }
})

/** What qmail-getpw does; it prints the fields of the account, or exits with the code. */
export const byAccounts = Effect.fnUntraced(
  function* (local: ByteString) {
    const { path, record } = yield* Home
    const accounts = yield* Accounts
    const files = yield* Files
    if (record.owners === "one") {
      const { gid, uid } = yield* Identity
      const alias = { name: record.users.alias, uid, gid, homedir: `${path}/alias` }
      return verdictOf(UserLookup.asAlias(alias, local))
    }
    for (const candidate of UserLookup.candidates(local, record.break)) {
      const passwd = yield* accounts.user(candidate.name)
      if (passwd === undefined) continue
      const home: UserLookup.HomeFacts = yield* files.stat(passwd.homedir).pipe(
        Effect.map(({ uid }) => ({ _tag: "Owned", uid }) as const),
        Effect.catch(({ errno }) => Effect.succeed({ _tag: "Unseen", errno } as const))
      )
      const verdict = UserLookup.judge(candidate, passwd, home)
      if (verdict._tag !== "Refused") return verdictOf(verdict)
    }
    return verdictOf(UserLookup.asAlias(yield* accounts.user(record.users.alias), local))
  },
  Effect.catchTag("AccountsError", () => Effect.succeed(failed(UserLookup.exits.system)))
)

const verdictOf = (verdict: UserLookup.Verdict): Found =>
  verdict._tag === "Accepted" ? found(verdict.account) : failed(verdict.exitCode)

const byProgram = Effect.fnUntraced(
  function* (local: ByteString) {
    const { path, record } = yield* Home
    const { effectiveUid, environment } = yield* Identity
    const accounts = yield* Accounts
    const ids =
      effectiveUid === 0 && record.owners === "many"
        ? {
            user: yield* accounts.user(record.users.qmailp),
            group: yield* accounts.group(record.groups.nofiles)
          }
        : undefined
    if (ids !== undefined && (ids.user === undefined || ids.group === undefined)) return failed(UserLookup.exits.usage)
    const image = { program: "bin/qmail-getpw", arguments: [local], environment, directory: path }
    const child = yield* (yield* Processes).spawn({
      ...image,
      descriptors: ["ignore", "fromChild", 2],
      ...(ids !== undefined && { uid: ids.user!.uid, gid: ids.group!.gid })
    })
    const pieces: Array<Uint8Array> = []
    for (let piece = yield* child.read(1); piece.length > 0; piece = yield* child.read(1)) pieces.push(piece)
    const ending = yield* ProgramStart.endingOf(image, yield* child.ending)
    if (ending._tag === "Killed") return failed(UserLookup.exits.system)
    if (ending.exitCode !== 0) return failed(ending.exitCode)
    const account = UserLookup.fromFields(fromChunk(concat(pieces)))
    return Result.isFailure(account) ? failed(account.failure) : found(account.success)
  },
  Effect.catchTags({
    AccountsError: () => Effect.succeed(failed(UserLookup.exits.system)),
    ProcessesError: () => Effect.succeed(failed(UserLookup.exits.execFailed))
  })
)

/** The program qmail-getpw. */
export const printAccount = Effect.gen(function* () {
  const [local] = (yield* Identity).arguments
  if (local === undefined) return exitPermanent
  const answer = yield* byAccounts(local)
  if (answer._tag === "Failed") return answer.exitCode
  const files = yield* Files
  return yield* files.write(1, toChunk(UserLookup.toFields(answer.account))).pipe(
    Effect.as(exitSuccess),
    Effect.orElseSucceed(() => UserLookup.exits.system)
  )
})
