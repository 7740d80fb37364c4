/** users/assign: which account each local part belongs to, and the records of users/cdb made from it. (qmail-users(5)) */
import * as Result from "effect/Result"
import type { ByteString } from "../Bytes.ts"
import type { CdbRecord } from "../control/Cdb.ts"
import { endingsKey, exactKey, prefixKey } from "./UserAccount.ts"

/** `exact`: this local part. `prefix`: every local part that begins so, itself included. */
export interface Assignment {
  readonly match: "exact" | "prefix"
  /** As written; compared without case. */
  readonly local: ByteString
  readonly fields: AssignedFields
}

/** As written: users/cdb holds them verbatim, and whoever reads it judges the numbers. */
export interface AssignedFields {
  readonly user: ByteString
  readonly uid: ByteString
  readonly gid: ByteString
  readonly homedir: ByteString
  readonly dash: ByteString
  /** Of a prefix: what goes before the rest of the local part. */
  readonly ext: ByteString
}

export interface AssignFault {
  /** Counted from 1. */
  readonly line: number
  readonly reason: string
}

/** Everything up to the line that begins with a dot. (qmail-newu.c) */
export const parse = (content: ByteString): Result.Result<ReadonlyArray<Assignment>, AssignFault> => {
  const assignments: Array<Assignment> = []
  for (let start = 0, line = 1; ; line++) {
    if (content[start] === ".") return Result.succeed(assignments)
    const end = content.indexOf("\n", start)
    if (end < 0) return Result.fail({ line, reason: "the file does not end with a line that is a dot" })
    const assignment = parseLine(content.slice(start, end))
    if (Result.isFailure(assignment)) return Result.fail({ line, reason: assignment.failure })
    assignments.push(assignment.success)
    start = end + 1
  }
}

/** Without its line feed. Any first byte but `+` means an exact local part, as in qmail-newu. */
const parseLine = (line: ByteString): Result.Result<Assignment, string> => {
  if (line.includes("\0")) return Result.fail("a zero byte")
  const [tagged, user, uid, gid, homedir, dash, ext, ...rest] = line.split(":")
  if (tagged === undefined || tagged === "") return Result.fail("the line does not begin with = or +")
  if (ext === undefined || rest.length === 0) return Result.fail("fewer than seven colons")
  return Result.succeed({
    match: tagged[0] === "+" ? "prefix" : "exact",
    local: tagged.slice(1),
    fields: { user: user!, uid: uid!, gid: gid!, homedir: homedir!, dash: dash!, ext }
  })
}

export const formatLine = ({ fields, local, match }: Assignment): ByteString =>
  `${match === "prefix" ? "+" : "="}${[local, ...inOrder(fields)].join(":")}:\n`

/** The whole file, with its last line. */
export const format = (assignments: ReadonlyArray<Assignment>): ByteString =>
  assignments.map(formatLine).join("") + ".\n"

/** In the order of the lines, so that the first of equal ones is found; the endings come last. */
export const records = (assignments: ReadonlyArray<Assignment>): ReadonlyArray<CdbRecord> => {
  const endings = new Set<ByteString>()
  const lines = assignments.map(({ fields, local, match }) => {
    if (match === "prefix" && local !== "") endings.add(local.slice(-1))
    return { key: match === "prefix" ? prefixKey(local) : exactKey(local), data: inOrder(fields).join("\0") }
  })
  return [...lines, { key: endingsKey, data: [...endings].join("") }]
}

const inOrder = ({ dash, ext, gid, homedir, uid, user }: AssignedFields): ReadonlyArray<ByteString> => [
  user,
  uid,
  gid,
  homedir,
  dash,
  ext
]
