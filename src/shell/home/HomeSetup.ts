/**
 * Makes a home that belongs to whoever runs this, and gives users a place in it. Everything is on disk before
 * success is said; what was interrupted is completed by running it again.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type ByteString, fromChunk, lower, toChunk } from "../../core/Bytes.ts"
import * as Cdb from "../../core/control/Cdb.ts"
import * as ControlFile from "../../core/control/ControlFile.ts"
import * as InstallRecord from "../../core/control/InstallRecord.ts"
import * as Layout from "../../core/home/Layout.ts"
import { exitPermanent } from "../../core/Outcome.ts"
import * as FreshHome from "../../core/home/FreshHome.ts"
import * as UserAssign from "../../core/users/UserAssign.ts"
import * as UserName from "../../core/users/UserName.ts"
import * as CdbFiles from "./CdbFiles.ts"
import { type FileCalls, Files, orIfAbsent } from "../platform/Files.ts"
import { Home } from "./Home.ts"
import * as HomeTree from "./HomeTree.ts"
import { Identity } from "../platform/Identity.ts"
import { Locks } from "../platform/Locks.ts"
import { Fatal } from "../platform/Main.ts"

export interface NewHome {
  /** Absolute. */
  readonly home: ByteString
  readonly domain: ByteString
  /** The directory of the programs: `bin` becomes a link to it. */
  readonly programs?: ByteString
}

/** Fails if the directory holds something that is no home of the caller, or one for another domain. */
export const init = Effect.fn("HomeSetup.init")(function* ({ domain, home: given, programs }: NewHome) {
  const files = yield* Files
  const { effectiveUid: uid, gid } = yield* Identity
  const home = given.replace(/\/+$/, "")
  if (!Layout.isHomePath(home)) return yield* refuse(Layout.badHomePath(given))
  yield* claim(home, uid, lower(domain))
  // Until this file has its last name, the home is unfinished, but known to be ours.
  const unfinished = `${home}/${FreshHome.record.path}.unfinished`
  yield* HomeTree.makeDirectories(home, 0o755)
  const isFinished = yield* exists(files, `${home}/${FreshHome.record.path}`)
  if (!isFinished) yield* HomeTree.putFile(unfinished, toChunk(FreshHome.record.content), 0o644)

  if (programs !== undefined && !(yield* exists(files, `${home}/bin`)))
    yield* Effect.mapError(files.symlink(programs, `${home}/bin`), HomeTree.explain)
  yield* HomeTree.make(
    home,
    Layout.entries(InstallRecord.ownHome),
    ({ path }) => (path === Layout.drop ? { uid, gid } : undefined),
    isFinished ? "missing" : "all"
  )
  for (const { content, path } of FreshHome.controls(domain))
    yield* HomeTree.putIfAbsent(`${home}/${path}`, content, 0o644)
  if (!(yield* exists(files, `${home}/users/assign`))) {
    yield* HomeTree.putIfAbsent(`${home}/${FreshHome.catchAll.path}`, FreshHome.catchAll.content, 0o600)
    yield* assign(home, FreshHome.assignments({ home, uid, gid }))
  }
  yield* maildir(`${home}/alias/Maildir`)
  if (isFinished) return "there was a home"
  yield* Effect.mapError(files.rename(unfinished, `${home}/${FreshHome.record.path}`), HomeTree.explain)
  yield* Effect.mapError(files.syncDirectory(home), HomeTree.explain)
  return "made"
})

const claim = Effect.fnUntraced(function* (home: ByteString, uid: number, domain: ByteString) {
  const files = yield* Files
  const names = yield* Effect.mapError(
    orIfAbsent(files.list(home), (): ReadonlyArray<ByteString> => []),
    HomeTree.explain
  )
  const { path } = FreshHome.record
  if (names.length === 0 || names.includes(`${path}.unfinished`)) return
  if (!names.includes(path)) return yield* refuse(`unable to use ${home}: it is not empty, and no home of Thresher`)
  const record = InstallRecord.parse(
    fromChunk(yield* Effect.mapError(files.readFile(`${home}/${path}`), HomeTree.explain))
  )
  if (Result.isFailure(record)) return yield* refuse(`unable to use ${home}: ${path} is ${record.failure}`)
  if (record.success.owners !== "one") return yield* refuse(`unable to use ${home}: it is a home with many owners`)
  const owner = yield* Effect.mapError(files.stat(home), HomeTree.explain)
  if (owner.uid !== uid) return yield* refuse(`unable to use ${home}: it belongs to uid ${owner.uid}`)
  const me = yield* Effect.mapError(
    orIfAbsent(Effect.map(files.readFile(`${home}/control/me`), fromChunk), () => domain),
    HomeTree.explain
  )
  const name = lower(ControlFile.line(me))
  if (name !== domain) return yield* refuse(`unable to use ${home}: it is a home for ${name}`)
})

export interface NewUser {
  /** In lower case. */
  readonly user: ByteString
  /** Absolute, without a slash at the end. */
  readonly maildir: ByteString
  /** This user had the mail for this name until now, as an extension of his. */
  readonly takesFrom?: ByteString
  /** The first user ends the catch-all. */
  readonly endedCatchAll: boolean
}

/** In a home with one owner: a Maildir, and the user's name and its extensions lead there. */
export const addUser = Effect.fn("HomeSetup.addUser")(function* (given: { readonly user: ByteString }) {
  const files = yield* Files
  const { path: home, record } = yield* Home
  if (record.owners !== "one")
    return yield* refuse(`unable to add ${given.user}: the users of ${home} are the accounts of the system`)
  const name = UserName.judge(given.user)
  if (Result.isFailure(name)) return yield* refuse(`unable to add ${given.user}: ${name.failure}`)
  return yield* Effect.acquireUseRelease(
    Effect.mapError(files.open(`${home}/users`, "read"), HomeTree.explain),
    (fd) =>
      Effect.flatMap(Locks, (locks) =>
        locks.whileLocked(fd, lockSeconds, (answer) =>
          answer._tag === "Locked"
            ? addLocked(name.success)
            : Effect.fail(HomeTree.fatal(`unable to lock ${home}/users`))
        )
      ),
    (fd) => Effect.ignore(files.close(fd))
  )
})

const addLocked = Effect.fnUntraced(function* (user: ByteString) {
  const files = yield* Files
  const { path: home } = yield* Home
  const { gid, uid } = yield* Effect.mapError(files.stat(home), HomeTree.explain)
  const { effectiveUid } = yield* Identity
  if (uid !== effectiveUid) return yield* refuse(`unable to add ${user}: ${home} belongs to uid ${uid}`)
  const text = yield* Effect.mapError(files.readFile(`${home}/users/assign`), HomeTree.explain)
  const current = UserAssign.parse(fromChunk(text))
  if (Result.isFailure(current))
    return yield* refuse(`unable to read ${home}/users/assign: line ${current.failure.line}: ${current.failure.reason}`)
  const users = FreshHome.usersOf(current.success)
  const next = FreshHome.withUser(current.success, user, { home, uid, gid })
  if (Result.isFailure(next)) return yield* refuse(`unable to add ${user}: there is a user of this name`)

  const place = `${home}/${FreshHome.maildirOf(user)}`
  yield* maildir(place)
  const endsCatchAll = users.length === 0 && (yield* exists(files, `${home}/${FreshHome.catchAll.path}`))
  if (endsCatchAll)
    for (const { content, path } of FreshHome.standardAliases)
      yield* HomeTree.putIfAbsent(`${home}/${path}`, content, 0o600)
  yield* assign(home, next.success)
  if (endsCatchAll) {
    yield* Effect.mapError(files.unlink(`${home}/${FreshHome.catchAll.path}`), HomeTree.explain)
    yield* Effect.mapError(files.syncDirectory(`${home}/alias`), HomeTree.explain)
  }
  const takesFrom = UserName.takesFrom(user, users)
  return { user, maildir: place, endedCatchAll: endsCatchAll, ...(takesFrom !== undefined && { takesFrom }) } as NewUser
})

/** The database first: deliveries read only that, and what is only there is written again by the next attempt. */
const assign = Effect.fnUntraced(function* (home: ByteString, assignments: ReadonlyArray<UserAssign.Assignment>) {
  const database = Cdb.build(UserAssign.records(assignments))
  if (Result.isFailure(database))
    return yield* HomeTree.fatal(`unable to write ${home}/users/cdb: it would be too large`)
  yield* CdbFiles.replace(`${home}/users/cdb`, `${home}/users/cdb.tmp`, database.success, (_, error) =>
    HomeTree.explain(error)
  )
  yield* HomeTree.putFile(`${home}/users/assign`, toChunk(UserAssign.format(assignments)), 0o644)
})

const maildir = Effect.fnUntraced(function* (path: ByteString) {
  const above = path.slice(0, path.lastIndexOf("/"))
  yield* HomeTree.makeDirectories(above, 0o700)
  for (const name of ["", "/tmp", "/new", "/cur"]) yield* HomeTree.makeDirectories(`${path}${name}`, 0o700)
})

const exists = (files: FileCalls, path: ByteString) =>
  Effect.mapError(
    orIfAbsent(Effect.as(files.lstat(path), true), () => false),
    HomeTree.explain
  )

const refuse = (text: ByteString) => Effect.fail(new Fatal({ exitCode: exitPermanent, text }))

const lockSeconds = 30
