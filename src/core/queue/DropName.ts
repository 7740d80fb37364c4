/** The names of the files in `drop`, where other accounts leave mail for the one owner of a home. */
import { type ByteString, isDigits } from "../Bytes.ts"
import * as Layout from "../home/Layout.ts"

/** Below the home. */
export const directory = Layout.drop
export const trigger = Layout.dropTrigger

/** Being written, or abandoned; whole, and on disk. */
export type Stage = "new" | "msg"

export interface DropName {
  readonly stage: Stage
  /** Of the account, which must be the owner of the file. */
  readonly uid: number
  /** 32 hexadecimal digits, by chance. */
  readonly id: string
}

export const nameOf = ({ id, stage, uid }: DropName): ByteString => `${stage}.${uid}.${id}`

export const parseName = (name: ByteString): DropName | undefined => {
  const [stage, uid = "", id = "", ...more] = name.split(".")
  return more.length === 0 && (stage === "new" || stage === "msg") && isUid(uid) && /^[0-9a-f]{32}$/.test(id)
    ? { stage, uid: Number(uid), id }
    : undefined
}

const isUid = (text: string): boolean => isDigits(text) && String(Number(text)) === text

/** The account and the group of the directory, which is the server's, and nobody else. The umask has no say. */
export const mode = 0o660

export interface Limits {
  /** Of one account, while they wait; 0 is none. */
  readonly messages: number
  readonly bytes: number
}
