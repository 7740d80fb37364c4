/**
 * Is this part of the home there, and do the right people have access to it?
 *
 * What others may change, and what its owner cannot use, is an error; other departures are warnings. Packages leave
 * out boot, doc and man, and nothing misses them; without drop other accounts cannot send. (qmail's instcheck.c; W19)
 */
import type { ByteString } from "../Bytes.ts"
import { error, type Finding, warning } from "../control/Finding.ts"
import { drop, type Entry, modeOf } from "./Layout.ts"

export interface Seen {
  readonly kind: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly bytes: number
  /** It begins as scripts do: to run it is to read it. */
  readonly isScript: boolean
}

/** Undefined: there is no such account or group here, so that nobody can tell. */
export interface Expected {
  readonly uid: number | undefined
  readonly gid: number | undefined
}

export const judge = (entry: Entry, seen: Seen | undefined, expected: Expected): ReadonlyArray<Finding> => {
  const file = entry.path === "" ? "." : entry.path
  if (seen === undefined) return isOptional(entry.path) ? [] : [error(file, "does not exist")]
  if (seen.kind !== entry.kind) return [error(file, `is no ${entry.kind}`)]
  const isQueue = /^(queue|drop)(\/|$)/.test(entry.path)
  return [
    ...(expected.uid !== undefined && expected.uid !== seen.uid && !isOfSystem(entry, seen)
      ? [(isQueue ? error : warning)(file, `belongs to uid ${seen.uid} instead of ${expected.uid}`)]
      : []),
    ...(isQueue && expected.gid !== undefined && expected.gid !== seen.gid
      ? [warning(file, `belongs to gid ${seen.gid} instead of ${expected.gid}`)]
      : []),
    ...judgeMode(file, modeOf(entry, seen.isScript), seen.mode),
    ...(entry.bytes > 0 && seen.bytes !== entry.bytes
      ? [warning(file, `has ${seen.bytes} bytes instead of ${entry.bytes}`)]
      : [])
  ]
}

/** The programs would work in that home, and this one has another path. */
export const programsOfOther = (home: ByteString, programs: ReadonlyArray<ByteString>): Finding =>
  warning(
    programs.length === 1 ? programs[0]! : "bin",
    `${programs.length === 1 ? "was" : `${programs.length} programs were`} installed for the home ${home}: run thresher install`
  )

/** `shut`: directories on the way that others may not enter. */
export const keptOut = (shut: ReadonlyArray<ByteString>): ReadonlyArray<Finding> =>
  shut.length === 0
    ? []
    : [
        warning(
          drop,
          `the system's sendmail is this home's, but other accounts cannot send: they may not enter ${shut[0]}`
        )
      ]

/** Programs may be root's, also where all else has another owner: `bin` may be a link to an installation for all. */
const isOfSystem = ({ path }: Entry, { uid }: Seen): boolean => /^bin(\/|$)/.test(path) && uid === 0

const judgeMode = (file: ByteString, wanted: number, mode: number): ReadonlyArray<Finding> => {
  const extra = mode & ~wanted & 0o777
  const lacking = wanted & ~mode & 0o777
  if ((extra & 0o002) !== 0) return [error(file, `is writable to others: mode ${octal(mode)}, not ${octal(wanted)}`)]
  if ((extra & 0o020) !== 0) return [error(file, `is writable to its group: mode ${octal(mode)}, not ${octal(wanted)}`)]
  if ((wanted & 0o1000) !== 0 && (mode & 0o3000) !== 0o3000 && (mode & 0o002) !== 0)
    return [error(file, `others can remove mail, or keep it from its owner: mode ${octal(mode)}, not ${octal(wanted)}`)]
  // Shut on purpose: mail of other accounts is refused.
  if ((wanted & 0o1000) !== 0 && (lacking & 0o700) === 0 && (mode & 0o077) === 0) return []
  if ((lacking & 0o700) !== 0)
    return [error(file, `its owner has no access: mode ${octal(mode)}, not ${octal(wanted)}`)]
  return extra !== 0 || lacking !== 0 ? [warning(file, `has mode ${octal(mode)}, not ${octal(wanted)}`)] : []
}

const isOptional = (path: ByteString): boolean => /^(bin|boot|doc|man|users|mail|drop)(\/|$)/.test(path)

const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, "0")
