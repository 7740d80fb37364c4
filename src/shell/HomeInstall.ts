/**
 * Puts the programs where qmail's are, with qmail's owners and modes. A program of another origin is kept beside ours
 * as NAME.before-thresher, so that going back is a rename.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type ByteString, concat, fromText, toChunk } from "../core/Bytes.ts"
import * as ControlSamples from "../core/control/ControlSamples.ts"
import type { GroupRole, Role } from "../core/control/Roles.ts"
import * as Layout from "../core/control/Layout.ts"
import { exitPermanent, systemText } from "../core/Outcome.ts"
import * as AccountPlan from "../core/users/AccountPlan.ts"
import { Accounts } from "./Accounts.ts"
import { Files, orIfAbsent } from "./Files.ts"
import { Home } from "./Home.ts"
import * as HomeTree from "./HomeTree.ts"
import { Identity } from "./Identity.ts"
import { Fatal } from "./Main.ts"
import { Processes } from "./Processes.ts"

export interface Installation {
  /** The directory of built programs. */
  readonly from: ByteString
  /** Make missing accounts and groups with groupadd and useradd. */
  readonly makeUsers: boolean
  /** The directory of manual pages. */
  readonly manuals?: ByteString
}

export type Installed =
  | {
      readonly _tag: "Installed"
      readonly programs: number
      readonly kept: ReadonlyArray<ByteString>
      /** In a home of qmail's users: whether mail can be queued by others than root and qmailq. */
      readonly canQueue: boolean
    }
  /** Nothing was changed: these commands make what is missing. */
  | { readonly _tag: "UsersMissing"; readonly commands: ReadonlyArray<ByteString> }

export const install = Effect.fn("HomeInstall.install")(function* ({ from, makeUsers, manuals }: Installation) {
  const { path: home, record } = yield* Home
  const { effectiveUid } = yield* Identity
  if (record.owners === "many") {
    if (effectiveUid !== 0)
      return yield* refuse(`unable to install in ${home}: only root can give files to qmail's users`)
    const missing = yield* missingAccounts
    if (!AccountPlan.isComplete(missing)) {
      const commands = AccountPlan.commands(missing)
      if (!makeUsers) return { _tag: "UsersMissing", commands: commands.map((words) => words.join(" ")) } as Installed
      for (const words of commands) yield* run(words)
    }
    yield* reachableNode
  }
  if (record.owners === "one") yield* endLink(`${home}/bin`)
  const idsOf = yield* owners
  yield* HomeTree.make(home, Layout.entries(record), idsOf)
  const put = (entry: Layout.Entry, content: Uint8Array) => replaceFile(home, entry, content, idsOf(entry))

  const files = yield* Files
  const names = (yield* Effect.mapError(files.list(from), HomeTree.explain)).filter((name) => /^[a-z0-9-]+$/.test(name))
  const kept: Array<ByteString> = []
  const hasSetUid = record.owners === "many" && (yield* isSetUid(`${home}/bin/qmail-queue`))
  for (const name of [...names].sort()) {
    // What the kernel gives no rights to must not take the place of what it does.
    const entry = name === "qmail-queue" && hasSetUid ? Layout.program("qmail-queue.thresher") : Layout.program(name)
    if (yield* keepForeign(`${home}/${entry.path}`)) kept.push(name)
    const content = yield* Effect.mapError(files.readFile(`${from}/${name}`), HomeTree.explain)
    yield* put(entry, withInterpreter(content))
  }
  yield* put(Layout.document("bin/package.json"), toChunk('{"type":"commonjs"}\n'))
  if (record.owners === "many") {
    yield* HomeTree.make(home, [Layout.directory("doc/control", "root", 0o755)], idsOf)
    for (const { content, name } of ControlSamples.all)
      yield* put(Layout.document(`doc/control/${name}`), toChunk(content))
    if (manuals !== undefined)
      for (const page of yield* Effect.mapError(files.list(manuals), HomeTree.explain)) {
        const section = /\.([1578])$/.exec(page)?.[1]
        if (section === undefined) continue
        const content = yield* Effect.mapError(files.readFile(`${manuals}/${page}`), HomeTree.explain)
        yield* put(Layout.document(`man/man${section}/${page}`), content)
      }
  }
  return {
    _tag: "Installed",
    programs: names.length,
    kept,
    canQueue: hasSetUid || record.owners === "one"
  } as Installed
})

/** A program of another origin that runs with the rights of its owner: no script of ours can. */
const isSetUid = Effect.fnUntraced(function* (path: ByteString) {
  const files = yield* Files
  const found = yield* Effect.result(Effect.all([files.stat(path), files.readFile(path)]))
  if (Result.isFailure(found)) return false
  const [{ mode }, content] = found.success
  return (mode & 0o4000) !== 0 && !isOurs(content)
})

/** `thresher init` links `bin` to the programs of a working copy: those are not to be written over. */
const endLink = Effect.fnUntraced(
  function* (path: ByteString) {
    const files = yield* Files
    const kind = yield* orIfAbsent(
      Effect.map(files.lstat(path), (stat) => stat.kind as string),
      () => "nothing"
    )
    if (kind === "symlink") yield* files.unlink(path)
  },
  Effect.mapError((error) => HomeTree.explain(error))
)

/** The commands that make qmail's accounts and groups, as far as they are missing here. */
export const makeUsersCommands = Effect.suspend(() =>
  Effect.map(missingAccounts, (missing) => AccountPlan.commands(missing).map((words) => words.join(" ")))
)

const missingAccounts = Effect.gen(function* () {
  const { path, record } = yield* Home
  const accounts = yield* Accounts
  const users = new Set<string>()
  for (const name of Object.values(record.users)) if (yield* known(accounts.user(name))) users.add(name)
  const groups = new Set<string>()
  for (const name of Object.values(record.groups)) if (yield* known(accounts.group(name))) groups.add(name)
  return AccountPlan.missing(record, path, { user: (name) => users.has(name), group: (name) => groups.has(name) })
})

const known = <A>(lookup: Effect.Effect<A | undefined, { readonly name: ByteString; readonly errno: string }>) =>
  lookup.pipe(
    Effect.map((found) => found !== undefined),
    Effect.mapError(({ errno, name }) => HomeTree.fatal(`unable to look up ${name}: ${systemText(errno)}`))
  )

/** Undefined: nobody is given anything. */
const owners = Effect.gen(function* () {
  const { record } = yield* Home
  if (record.owners === "one") return (): HomeTree.Ids | undefined => undefined
  const accounts = yield* Accounts
  const uids = new Map<Role, number>()
  for (const [role, name] of Object.entries(record.users))
    uids.set(role as Role, (yield* required(accounts.user(name), name)).uid)
  const gids = new Map<GroupRole, number>()
  for (const [role, name] of Object.entries(record.groups))
    gids.set(role as GroupRole, (yield* required(accounts.group(name), name)).gid)
  return ({ group, owner }: Layout.Entry): HomeTree.Ids | undefined => ({
    uid: uids.get(owner)!,
    gid: gids.get(group)!
  })
})

const required = <A, E>(lookup: Effect.Effect<A | undefined, E>, name: string) =>
  lookup.pipe(
    Effect.orElseSucceed(() => undefined),
    Effect.filterOrFail(
      (found) => found !== undefined,
      () => HomeTree.fatal(`unable to find ${name}`)
    )
  )

const run = Effect.fnUntraced(
  function* (words: ReadonlyArray<ByteString>) {
    const child = yield* (yield* Processes).spawn({
      program: words[0]!,
      arguments: words.slice(1),
      environment: { PATH: "/usr/sbin:/sbin:/usr/bin:/bin" },
      descriptors: ["ignore", 2, 2]
    })
    const ending = yield* child.ending
    if (ending._tag === "Killed" || ending.exitCode !== 0)
      return yield* HomeTree.fatal(`unable to run: ${words.join(" ")}`)
  },
  Effect.catchTag("ProcessesError", ({ errno, program }) =>
    Effect.fail(HomeTree.fatal(`unable to run ${program}: ${systemText(errno)}`))
  )
)

/** qmail's users must be able to run the node that the programs name. */
const reachableNode = Effect.gen(function* () {
  const files = yield* Files
  const node = fromText(process.execPath)
  for (let path = node; path !== ""; path = path.slice(0, path.lastIndexOf("/"))) {
    const { mode } = yield* Effect.mapError(files.stat(path), HomeTree.explain)
    if ((mode & 0o001) === 0)
      return yield* refuse(
        `unable to use ${node}: qmail's users may not reach ${path}; install with a node that they can run`
      )
  }
})

/** The first line names the node that runs this. */
export const withInterpreter = (program: Uint8Array): Uint8Array => {
  const isScript = program[0] === 0x23 && program[1] === 0x21
  return isScript
    ? concat([toChunk(`#!${fromText(process.execPath)}`), program.subarray(program.indexOf(0x0a))])
    : program
}

/** Atomically: at no moment is there no program, or half of one. */
const replaceFile = Effect.fnUntraced(function* (
  home: ByteString,
  entry: Layout.Entry,
  content: Uint8Array,
  ids: HomeTree.Ids | undefined
) {
  const files = yield* Files
  const path = `${home}/${entry.path}`
  const fresh = `${path}.new`
  yield* Effect.mapError(
    orIfAbsent(files.unlink(fresh), () => undefined),
    HomeTree.explain
  )
  yield* HomeTree.putFile(fresh, content, 0o600)
  yield* HomeTree.dress(fresh, yield* Effect.mapError(files.lstat(fresh), HomeTree.explain), entry.mode, ids)
  yield* Effect.mapError(files.rename(fresh, path), HomeTree.explain)
  yield* Effect.mapError(files.syncDirectory(path.slice(0, path.lastIndexOf("/"))), HomeTree.explain)
})

/** Whether a program was there that is not ours; it is kept once. */
const keepForeign = Effect.fnUntraced(function* (path: ByteString) {
  const files = yield* Files
  const content = yield* Effect.mapError(
    orIfAbsent(
      Effect.map(files.readFile(path), (bytes): Uint8Array | undefined => bytes),
      () => undefined
    ),
    HomeTree.explain
  )
  if (content === undefined || isOurs(content)) return false
  yield* Effect.mapError(
    Effect.catchIf(
      files.link(path, `${path}.before-thresher`),
      ({ errno }) => errno === "EEXIST",
      () => Effect.void
    ),
    HomeTree.explain
  )
  return true
})

/** Ours are scripts of node; qmail's are machine code or scripts of a shell. */
const isOurs = (content: Uint8Array): boolean => /^#!\S*node/.test(String.fromCharCode(...content.subarray(0, 255)))

const refuse = (text: ByteString) => Effect.fail(new Fatal({ exitCode: exitPermanent, text }))
