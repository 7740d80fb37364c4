/** An account that receives mail, the keys under which users/cdb knows it, and the system's view of an account. */
import { type ByteString, lower } from "../Bytes.ts"

export interface UserAccount {
  readonly user: ByteString
  readonly uid: number
  readonly gid: number
  readonly homedir: ByteString
  /** Between `.qmail` and the extension: empty or `-`. */
  readonly dash: ByteString
  readonly ext: ByteString
}

/** An account as the passwd database has it. */
export interface PasswdFacts {
  readonly name: ByteString
  readonly uid: number
  readonly gid: number
  readonly homedir: ByteString
}

export interface GroupFacts {
  readonly name: ByteString
  readonly gid: number
}

/** The key under which an exact local part is found. */
export const exactKey = (local: ByteString): ByteString => `!${lower(local)}\0`
/** The key under which a prefix is found. */
export const prefixKey = (prefix: ByteString): ByteString => `!${lower(prefix)}`
/** Its data are the last characters of all prefixes: only where one of them stands is a lookup worth while. */
export const endingsKey: ByteString = ""
