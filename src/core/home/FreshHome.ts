/** The files of a new home with one owner, and how they change when a user comes. */
import * as Result from "effect/Result"
import type { ByteString } from "../Bytes.ts"
import { lower } from "../Bytes.ts"
import * as FirstControls from "./FirstControls.ts"
import * as InstallRecord from "../control/InstallRecord.ts"
import * as UserAssign from "../users/UserAssign.ts"

export interface FreshFile {
  /** Below the home. */
  readonly path: ByteString
  readonly content: ByteString
}

export interface Owner {
  /** Of the home: absolute. */
  readonly home: ByteString
  readonly uid: number
  readonly gid: number
}

/** What makes the home ours; until the rest is there it has another name. */
export const record: FreshFile = { path: "install.json", content: InstallRecord.format(InstallRecord.ownHome) }

export const controls = (domain: ByteString): ReadonlyArray<FreshFile> => {
  const name = lower(domain)
  return Object.entries({
    me: name,
    defaultdomain: FirstControls.defaultDomain(name),
    plusdomain: FirstControls.plusDomain(name),
    locals: name,
    rcpthosts: name,
    concurrencylocal: "100",
    concurrencyremote: "500"
  }).map(([file, value]) => ({ path: `control/${file}`, content: `${value}\n` }))
}

/** Every local part belongs to the alias account; `.qmail-default` takes what nothing else takes. */
export const assignments = (owner: Owner): ReadonlyArray<UserAssign.Assignment> => [
  {
    match: "prefix",
    local: "",
    fields: { ...idsOf(owner), user: "alias", homedir: `${owner.home}/alias`, dash: "-", ext: "" }
  }
]

export const catchAll: FreshFile = { path: "alias/.qmail-default", content: "./Maildir/\n" }

/** Addresses that must work on every host, once the catch-all is gone. (RFC 2142; a bounce's own address) */
export const standardNames: ReadonlyArray<ByteString> = ["postmaster", "abuse", "root", "mailer-daemon"]

export const standardAliases: ReadonlyArray<FreshFile> = standardNames.map((name) => ({
  path: `alias/.qmail-${name}`,
  content: catchAll.content
}))

export const maildirOf = (user: ByteString): ByteString => `mail/${user}/Maildir`

/** The names of exact assignments. */
export const usersOf = (current: ReadonlyArray<UserAssign.Assignment>): ReadonlyArray<ByteString> =>
  current.filter(({ match }) => match === "exact").map(({ local }) => lower(local))

/** The user gets his name and every extension of it. Fails if he is there. */
export const withUser = (
  current: ReadonlyArray<UserAssign.Assignment>,
  user: ByteString,
  owner: Owner
): Result.Result<ReadonlyArray<UserAssign.Assignment>, "exists"> => {
  if (usersOf(current).includes(user)) return Result.fail("exists")
  const fields = { ...idsOf(owner), user, homedir: `${owner.home}/mail/${user}`, ext: "" }
  return Result.succeed([
    { match: "exact", local: user, fields: { ...fields, dash: "" } },
    { match: "prefix", local: `${user}-`, fields: { ...fields, dash: "-" } },
    ...current
  ])
}

const idsOf = ({ gid, uid }: Owner) => ({ uid: `${uid}`, gid: `${gid}` })
