/** `thresher install`: puts everything where qmail's is, with qmail's owners and modes. */
import * as Effect from "effect/Effect"
import { type ByteString, fromText } from "../../core/Bytes.ts"
import * as CopiedFiles from "../../core/home/CopiedFiles.ts"
import * as InstalledHome from "../../core/home/InstalledHome.ts"
import * as Layout from "../../core/home/Layout.ts"
import { exitPermanent, systemText } from "../../core/Outcome.ts"
import * as AccountPlan from "../../core/home/AccountPlan.ts"
import { Accounts } from "./Accounts.ts"
import { Files } from "../platform/Files.ts"
import { Home } from "./Home.ts"
import * as HomeCopies from "./HomeCopies.ts"
import * as HomeTree from "./HomeTree.ts"
import { Identity } from "../platform/Identity.ts"
import { Fatal } from "../platform/Main.ts"
import { Processes } from "../platform/Processes.ts"
import * as RoleIds from "./RoleIds.ts"

export interface Installation {
  /** The directory of built programs. */
  readonly from: ByteString
  /** Make missing accounts and groups with groupadd and useradd. */
  readonly makeUsers: boolean
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

export const install = Effect.fn("HomeInstall.install")(function* ({ from, makeUsers }: Installation) {
  const { path: home, record } = yield* Home
  const { effectiveUid } = yield* Identity
  if (!Layout.isHomePath(home)) return yield* refuse(Layout.badHomePath(home))
  if (!InstalledHome.canHoldPrograms(home))
    return yield* refuse(`unable to install in ${home}: node runs no program whose path is not UTF-8`)
  if (record.owners === "many") {
    if (effectiveUid !== 0)
      return yield* refuse(`unable to install in ${home}: only root can give files to qmail's users`)
    const missing = yield* missingAccounts
    if (!AccountPlan.isComplete(missing)) {
      const commands = AccountPlan.commands(missing)
      if (!makeUsers) return { _tag: "UsersMissing", commands: commands.map((words) => words.join(" ")) } as Installed
      for (const words of commands) yield* run(words)
    }
    const unreachable = yield* unreachableNode
    if (unreachable !== undefined) return yield* refuse(unreachable)
  }
  const tree = Layout.entries(record)
  const entries = CopiedFiles.entries(record, home)
  const idsOf = record.owners === "one" ? yield* ownerOfDrop : yield* RoleIds.required([...tree, ...entries])
  const gathered = yield* HomeCopies.gather(from, entries, ({ from }) => from?._tag !== "Program")
  yield* HomeCopies.endLink(home, record, from)
  yield* HomeTree.make(home, tree, idsOf)
  const { hasSetUid, kept, programs } = yield* HomeCopies.put(gathered, {
    home,
    to: home,
    idsOf,
    nameOf: ({ path }) => `${home}/${path}`
  })
  return { _tag: "Installed", programs, kept, canQueue: hasSetUid || record.owners === "one" } as Installed
})

/** In a home of one owner all keeps its owner, but mail of other accounts must come to the owner. */
const ownerOfDrop = Effect.gen(function* () {
  const files = yield* Files
  const { path: home } = yield* Home
  const { effectiveUid, gid } = yield* Identity
  const owner = yield* Effect.option(files.stat(home))
  const ids =
    owner._tag === "Some" && owner.value.uid !== effectiveUid
      ? { uid: owner.value.uid, gid: owner.value.gid }
      : { uid: effectiveUid, gid }
  return ({ path }: Layout.Entry) => (path === Layout.drop || path === Layout.dropTrigger ? ids : undefined)
})

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

/** qmail's users must be able to run the node that the programs name: undefined if they can. */
export const unreachableNode = Effect.gen(function* () {
  const files = yield* Files
  const node = fromText(process.execPath)
  for (let path = node; path !== ""; path = path.slice(0, path.lastIndexOf("/"))) {
    const { mode } = yield* Effect.mapError(files.stat(path), HomeTree.explain)
    if ((mode & 0o001) === 0)
      return `unable to use ${node}: qmail's users may not reach ${path}; install with a node that they can run`
  }
  return undefined
})

const refuse = (text: ByteString) => Effect.fail(new Fatal({ exitCode: exitPermanent, text }))
