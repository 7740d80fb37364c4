/**
 * Which account controls this local part?
 *
 * users/cdb is asked first: an exact assignment beats every prefix, a longer prefix a shorter one, the first of
 * equal lines the others. What users/cdb does not know belongs to the account with the longest name that the local
 * part begins with, and to the alias account if there is none: see `candidates` and `judge`.
 *
 * From: qmail-lspawn.c, nughde_get() and spawn(); qmail-getpw.c.
 */
import * as Result from "effect/Result"
import { type ByteString, leadingNumber, lower } from "../Bytes.ts"
import { type Errno, type ExitCode, isTemporary } from "../Outcome.ts"
import { endingsKey, exactKey, type PasswdFacts, type UserAccount } from "./UserAccount.ts"

/** What a delivery that finds no account exits with. (qlx.h) */
export const exits = {
  root: 113,
  nfs: 115,
  noAlias: 116,
  cdb: 117,
  system: 118,
  usage: 112,
  execFailed: 121
} as const satisfies Record<string, ExitCode>

/** A look into users/cdb: the data under this key. */
export type Find = (key: ByteString) => Result.Result<ByteString | undefined, unknown>

/** The six fields, each ended by a NUL; undefined: users/cdb assigns this local part to nobody. */
export const inDatabase = (find: Find, local: ByteString): Result.Result<ByteString | undefined, typeof exits.cdb> => {
  const trouble = Result.fail(exits.cdb)
  const endings = find(endingsKey)
  if (Result.isFailure(endings) || endings.success === undefined) return trouble
  const key = exactKey(local)
  for (let length = key.length; length > 0; length--) {
    if (length > 1 && length < key.length && !endings.success.includes(key[length - 1]!)) continue
    const found = find(key.slice(0, length))
    if (Result.isFailure(found)) return trouble
    if (found.success !== undefined)
      return Result.succeed(found.success + (length < key.length ? local.slice(length - 1) : "") + "\0")
  }
  return Result.succeed(undefined)
}

/** The fields as an account. A uid that is no number is 0; fewer than six fields are a bug of who wrote them. */
export const fromFields = (fields: ByteString): Result.Result<UserAccount, typeof exits.usage> => {
  const [user, uid, gid, homedir, dash, ext, rest] = fields.split("\0")
  if (rest === undefined) return Result.fail(exits.usage)
  return Result.succeed({
    user: user!,
    uid: leadingNumber(uid!) ?? 0,
    gid: leadingNumber(gid!) ?? 0,
    homedir: homedir!,
    dash: dash!,
    ext: ext!
  })
}

export const toFields = ({ dash, ext, gid, homedir, uid, user }: UserAccount): ByteString =>
  [user, uid, gid, homedir, dash, ext].map((field) => `${field}\0`).join("")

/** A name worth looking up, and what it leaves of the local part. */
export interface Candidate {
  readonly name: ByteString
  readonly dash: ByteString
  readonly ext: ByteString
}

/** Longest first. An account whose name has capitals can never match: the name is looked up in lower case. */
export const candidates = (local: ByteString, delimiter: ByteString): ReadonlyArray<Candidate> => {
  const names: Array<Candidate> = []
  for (let end = local.length; end >= 0; end--)
    if (end < userNameBytesMax && (end === local.length || local[end] === delimiter))
      names.push({
        name: lower(local.slice(0, end)),
        dash: end === local.length ? "" : "-",
        ext: local.slice(end + 1)
      })
  return names
}

/** What a look at the home directory told. */
export type HomeFacts =
  | { readonly _tag: "Owned"; readonly uid: number }
  | { readonly _tag: "Unseen"; readonly errno: Errno }

export type Verdict =
  | { readonly _tag: "Accepted"; readonly account: UserAccount }
  | { readonly _tag: "Failed"; readonly exitCode: ExitCode }

/** Root, and whoever does not own his home, gets no mail. */
export const judge = (
  candidate: Candidate,
  passwd: PasswdFacts,
  home: HomeFacts
): Verdict | { readonly _tag: "Refused" } => {
  if (passwd.uid === 0) return { _tag: "Refused" }
  if (home._tag === "Unseen")
    return isTemporary(home.errno) ? { _tag: "Failed", exitCode: exits.nfs } : { _tag: "Refused" }
  if (home.uid !== passwd.uid) return { _tag: "Refused" }
  return { _tag: "Accepted", account: accountOf(passwd, candidate.dash, candidate.ext) }
}

/** Nobody's mail is the alias account's. */
export const asAlias = (alias: PasswdFacts | undefined, local: ByteString): Verdict =>
  alias === undefined
    ? { _tag: "Failed", exitCode: exits.noAlias }
    : { _tag: "Accepted", account: accountOf(alias, "-", local) }

/**
 * The exit code with which no delivery to this account is made. It would run as the account, so that may not be root;
 * where one owner does everything it may be nobody but him, root or not.
 */
export const refusal = (account: UserAccount, owners: "one" | "many", ownUid: number): ExitCode | undefined => {
  if (owners === "one") return account.uid === ownUid ? undefined : exits.system
  return account.uid === 0 ? exits.root : undefined
}

const accountOf = (passwd: PasswdFacts, dash: ByteString, ext: ByteString): UserAccount => ({
  user: passwd.name,
  uid: passwd.uid,
  gid: passwd.gid,
  homedir: passwd.homedir,
  dash,
  ext
})

/** With the NUL that ends it; longer names are no accounts. (GETPW_USERLEN) */
const userNameBytesMax = 32
