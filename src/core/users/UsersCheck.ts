/** Says what is wrong with users/assign, and whether users/cdb was made from it. */
import * as Result from "effect/Result"
import { type ByteString, fromChunk, isDigits } from "../Bytes.ts"
import * as Cdb from "../control/Cdb.ts"
import { error, type Finding, isError, warning } from "../control/Finding.ts"
import * as HandWritten from "../control/HandWritten.ts"
import { endingsKey } from "./UserAccount.ts"
import * as UserAssign from "./UserAssign.ts"

/**
 * Undefined: the file does not exist. Deliveries read only the database, so a bad source beside it is a warning.
 * `owner`: of a home with one owner; nobody there can deliver as anybody else.
 */
export const check = (
  assign: ByteString | undefined,
  database: Uint8Array | undefined,
  owner?: number
): ReadonlyArray<Finding> => {
  const encoding = assign === undefined ? [] : HandWritten.encodingFindings(source, assign)
  // Deliveries read the database, which was not made from this.
  if (encoding.some(isError) && database !== undefined) return encoding.map(asWarning)
  if (encoding.some(isError)) return encoding
  const lineEnds = HandWritten.lineEndFindings(source, assign ?? "", "which is ignored")
  return [...encoding, ...lineEnds, ...checkText(assign, database, owner)]
}

/** The other files of users/, from which qmail-pw2u makes users/assign; `content`: of one of them. */
export const checkSource = (name: ByteString, content: ByteString): ReadonlyArray<Finding> => {
  const file = `users/${name}`
  const lastLine = lastLines[name]
  const encoding = HandWritten.encodingFindings(file, content)
  if (encoding.some(isError)) return encoding.map(asWarning)
  return [
    ...encoding,
    ...HandWritten.lineEndFindings(file, content, undefined, (text) => text[0] !== "#"),
    ...(lastLine === undefined ? [] : HandWritten.lastLineFindings(file, content, lastLine))
  ]
}

const asWarning = (finding: Finding): Finding => ({ ...finding, severity: "warning" })

export const sources: ReadonlyArray<string> = ["include", "exclude", "mailnames", "subusers", "append"]

/** Where a line feed is missing at the end. */
const lastLines: Readonly<Record<ByteString, string>> = {
  append: "the dot that ends users/assign comes into this line"
}

const checkText = (
  assign: ByteString | undefined,
  database: Uint8Array | undefined,
  owner: number | undefined
): ReadonlyArray<Finding> => {
  if (database !== undefined) {
    const endings = Cdb.find(database, endingsKey)
    if (Result.isFailure(endings) || endings.success === undefined)
      return [error("users/cdb", "is damaged: run qmail-newu; until then all local mail waits")]
  }
  if (assign === undefined) return database === undefined ? [] : [warning("users/cdb", "users/assign does not exist")]
  const severe = database === undefined ? error : warning
  const parsed = UserAssign.parse(assign)
  if (Result.isFailure(parsed)) return [severe(source, parsed.failure.reason, parsed.failure.line)]
  const doubtful = parsed.success.flatMap((assignment, i) => checkFields(assignment.fields, i + 1, owner))
  if (doubtful.length > 0) return doubtful
  if (database === undefined) return [warning(source, "has no effect until qmail-newu has run")]
  const built = Cdb.build(UserAssign.records(parsed.success))
  return Result.isSuccess(built) && fromChunk(built.success) === fromChunk(database)
    ? []
    : [warning("users/cdb", "was not made from users/assign as it is now: run qmail-newu")]
}

const checkFields = (
  { gid, homedir, uid }: UserAssign.AssignedFields,
  line: number,
  owner: number | undefined
): ReadonlyArray<Finding> => [
  ...(isDigits(uid) ? [] : [error(source, `uid ${uid} is no number`, line)]),
  ...(owner === undefined || !isDigits(uid) || Number(uid) === owner
    ? []
    : [error(source, `uid ${uid} is not that of the home's owner, ${owner}: mail to it is deferred`, line)]),
  ...(isDigits(gid) ? [] : [error(source, `gid ${gid} is no number`, line)]),
  ...(homedir[0] === "/" ? [] : [error(source, `home ${homedir} is no absolute path`, line)])
]

const source = "users/assign"
