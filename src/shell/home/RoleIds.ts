/** Whom the roles of a home stand for on this host. */
import * as Effect from "effect/Effect"
import type { Entry } from "../../core/home/Layout.ts"
import type { GroupRole, Role } from "../../core/control/Roles.ts"
import { systemText } from "../../core/Outcome.ts"
import { Accounts, type AccountsError } from "./Accounts.ts"
import { Home } from "./Home.ts"
import * as HomeTree from "./HomeTree.ts"

export interface Known {
  readonly uid: number | undefined
  readonly gid: number | undefined
}

/** Undefined: there is no such account or group here, or nobody can tell. */
export const known = (entries: ReadonlyArray<Entry>) =>
  Effect.gen(function* () {
    const { record } = yield* Home
    const accounts = yield* Accounts
    const uids = yield* lookUp(rolesOf(entries), (role) =>
      Effect.orElseSucceed(accounts.user(record.users[role]), () => undefined)
    )
    const gids = yield* lookUp(groupsOf(entries), (role) =>
      Effect.orElseSucceed(accounts.group(record.groups[role]), () => undefined)
    )
    return ({ group, owner }: Entry): Known => ({ uid: uids.get(owner)?.uid, gid: gids.get(group)?.gid })
  })

/** Whoever is missing is a reason to give up. */
export const required = (entries: ReadonlyArray<Entry>) =>
  Effect.gen(function* () {
    const { record } = yield* Home
    const accounts = yield* Accounts
    const uids = yield* lookUp(rolesOf(entries), (role) => found("user", record.users[role], accounts.user))
    const gids = yield* lookUp(groupsOf(entries), (role) => found("group", record.groups[role], accounts.group))
    return ({ group, owner }: Entry): HomeTree.Ids => ({ uid: uids.get(owner)!.uid, gid: gids.get(group)!.gid })
  })

const rolesOf = (entries: ReadonlyArray<Entry>): ReadonlySet<Role> => new Set(entries.map(({ owner }) => owner))
const groupsOf = (entries: ReadonlyArray<Entry>): ReadonlySet<GroupRole> => new Set(entries.map(({ group }) => group))

const lookUp = <R extends string, A, E>(roles: ReadonlySet<R>, find: (role: R) => Effect.Effect<A, E>) =>
  Effect.map(
    Effect.forEach([...roles].sort(), (role) => Effect.map(find(role), (one) => [role, one] as const)),
    (pairs) => new Map<R, A>(pairs)
  )

const found = <A>(
  kind: "user" | "group",
  name: string,
  find: (name: string) => Effect.Effect<A | undefined, AccountsError>
) =>
  find(name).pipe(
    Effect.mapError(({ errno }) => HomeTree.fatal(`unable to look up ${kind} ${name}: ${systemText(errno)}`)),
    Effect.filterOrFail(
      (one): one is A => one !== undefined,
      () => HomeTree.fatal(`unable to find ${kind} ${name}`)
    )
  )
