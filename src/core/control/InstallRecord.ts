/** What qmail compiled in, and whether this home is a qmail home or one of ours: `QMAILHOME/install.json`. */
import * as Result from "effect/Result"
import type { ByteString } from "../Bytes.ts"
import * as ForeignText from "../ForeignText.ts"
import type { GroupRole, Role } from "./Roles.ts"

export type { GroupRole, Role } from "./Roles.ts"

export interface InstallRecord {
  /** Directories below each split directory. */
  readonly split: number
  /** The user-extension delimiter: one byte, or empty for none. */
  readonly break: ByteString
  /** Permission bits that no home directory and no .qmail file may have. */
  readonly patrn: number
  /** Most deliveries that a spawner runs at once, at most 255. */
  readonly spawn: number
  readonly users: Readonly<Record<Role, string>>
  readonly groups: Readonly<Record<GroupRole, string>>
  /** One: everything belongs to the account that made the home. Many: qmail's users. */
  readonly owners: "one" | "many"
  /** A qmail home: every visible difference from notqmail is off, security holes aside. */
  readonly classic: boolean
}

export const qmailHome: InstallRecord = {
  split: 23,
  break: "-",
  patrn: 0o002,
  spawn: 120,
  users: {
    alias: "alias",
    qmaild: "qmaild",
    qmaill: "qmaill",
    root: "root",
    qmailp: "qmailp",
    qmailq: "qmailq",
    qmailr: "qmailr",
    qmails: "qmails"
  },
  groups: { qmail: "qmail", nofiles: "nofiles" },
  owners: "many",
  classic: true
}

/** What `thresher init` records for a home with one owner. */
export const ownHome: InstallRecord = { ...qmailHome, spawn: 255, owners: "one", classic: false }

/** `override` is the content of control/classic: `1` or `0`. */
export const withOverride = (record: InstallRecord, override: ByteString | undefined): InstallRecord =>
  override === "1" ? { ...record, classic: true } : override === "0" ? { ...record, classic: false } : record

export const format = (record: InstallRecord): string => JSON.stringify(record, null, 2) + "\n"

/** Fields that are missing are as in a qmail home, but for `classic`, which only a missing file makes. */
export const parse = (text: string): Result.Result<InstallRecord, string> => {
  if (ForeignText.isUtf16(text)) return Result.fail("UTF-16 text; save it as UTF-8")
  if (text.startsWith(ForeignText.byteOrderMark)) return Result.fail("text behind a byte order mark; save it without")
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return Result.fail("not JSON")
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) return Result.fail("not a JSON object")
  const given = json as Partial<Record<keyof InstallRecord, unknown>>
  for (const [field, fits, wanted] of checks)
    if (given[field] !== undefined && !fits(given[field])) return Result.fail(`${field} must be ${wanted}`)
  const record = given as Partial<InstallRecord>
  return Result.succeed({
    ...qmailHome,
    classic: false,
    ...record,
    users: { ...qmailHome.users, ...record.users },
    groups: { ...qmailHome.groups, ...record.groups }
  })
}

const isWhole = (least: number, most: number) => (value: unknown) =>
  typeof value === "number" && Number.isInteger(value) && value >= least && value <= most
const isNames = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.values(value).every((name) => typeof name === "string")

const checks: ReadonlyArray<readonly [keyof InstallRecord, (value: unknown) => boolean, string]> = [
  ["split", isWhole(1, 1000), "a whole number from 1 to 1000"],
  ["break", (value) => typeof value === "string" && value.length <= 1, "one byte or empty"],
  ["patrn", isWhole(0, 0o777), "permission bits"],
  ["spawn", isWhole(1, 255), "a whole number from 1 to 255"],
  ["users", isNames, "an object of names"],
  ["groups", isNames, "an object of names"],
  ["owners", (value) => value === "one" || value === "many", '"one" or "many"'],
  ["classic", (value) => typeof value === "boolean", "true or false"]
]
