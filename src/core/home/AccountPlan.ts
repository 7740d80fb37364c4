/**
 * Which of qmail's accounts and groups are missing, and how are they made?
 *
 * Nothing is ever edited here: the answer is commands to run, or lines to add. (qmail's INSTALL.ids; W143)
 */
import type { ByteString } from "../Bytes.ts"
import type { GroupRole, Role } from "../control/Roles.ts"
import type { GroupFacts, PasswdFacts } from "../users/UserAccount.ts"

/** As in an installation record. */
export interface Names {
  readonly users: Readonly<Record<Role, string>>
  readonly groups: Readonly<Record<GroupRole, string>>
}

export interface MissingUser {
  readonly name: string
  readonly group: string
  readonly homedir: ByteString
}

export interface Missing {
  readonly groups: ReadonlyArray<string>
  readonly users: ReadonlyArray<MissingUser>
}

export const missing = (
  { groups, users }: Names,
  home: ByteString,
  has: { readonly user: (name: string) => boolean; readonly group: (name: string) => boolean }
): Missing => ({
  groups: [groups.nofiles, groups.qmail].filter((name) => !has.group(name)),
  users: roles
    .map(([role, group]) => ({
      name: users[role],
      group: groups[group],
      homedir: role === "alias" ? `${home}/alias` : home
    }))
    .filter(({ name }) => !has.user(name))
})

export const isComplete = ({ groups, users }: Missing): boolean => groups.length === 0 && users.length === 0

/** Words of each command. System accounts, which nobody can log in to. */
export const commands = ({ groups, users }: Missing): ReadonlyArray<ReadonlyArray<ByteString>> => [
  ...groups.map((name) => ["groupadd", "-r", name]),
  ...users.map(({ group, homedir, name }) => [
    "useradd",
    "-r",
    "-M",
    "-g",
    group,
    "-d",
    homedir,
    "-s",
    "/bin/false",
    name
  ])
]

export interface PlanLines {
  readonly group: ReadonlyArray<ByteString>
  readonly passwd: ReadonlyArray<ByteString>
}

/** Lines for /etc/group and /etc/passwd, with ids that nobody has: the highest free ones of the system's range. */
export const lines = (
  { groups, users }: Missing,
  taken: { readonly users: ReadonlyArray<PasswdFacts>; readonly groups: ReadonlyArray<GroupFacts> }
): PlanLines => {
  const gids = new Map(taken.groups.map(({ gid, name }) => [name, gid]))
  const usedGids = new Set([...gids.values(), ...taken.users.map(({ gid }) => gid)])
  const usedUids = new Set(taken.users.map(({ uid }) => uid))
  for (const name of groups) gids.set(name, takeFree(usedGids))
  return {
    group: groups.map((name) => `${name}:x:${gids.get(name)}:`),
    passwd: users.map(
      ({ group, homedir, name }) => `${name}:x:${takeFree(usedUids)}:${gids.get(group)}::${homedir}:/bin/false`
    )
  }
}

/** For a person: commands, or the lines of the two files under their names. */
export const format = (plan: Missing, form: "useradd" | "passwd", taken: Parameters<typeof lines>[1]): ByteString => {
  if (form === "useradd")
    return commands(plan)
      .map((words) => `${words.join(" ")}\n`)
      .join("")
  const { group, passwd } = lines(plan, taken)
  return ["# /etc/group", ...group, "# /etc/passwd", ...passwd].map((line) => `${line}\n`).join("")
}

const takeFree = (used: Set<number>): number => {
  let id = highestSystemId
  while (used.has(id)) id--
  used.add(id)
  return id
}

const roles: ReadonlyArray<readonly [Role, GroupRole]> = [
  ["alias", "nofiles"],
  ["qmaild", "nofiles"],
  ["qmaill", "nofiles"],
  ["qmailp", "nofiles"],
  ["qmailq", "qmail"],
  ["qmailr", "qmail"],
  ["qmails", "qmail"]
]

/** People's accounts begin at 1000. (SYS_UID_MAX of login.defs) */
const highestSystemId = 999
