/** What an administrator has said about sending mail by SMTP. */
import type { ByteString } from "../Bytes.ts"
import type { ControlMap } from "../control/ControlMap.ts"
import type { Seconds } from "../Time.ts"

/** What becomes of a CR without LF in a stored message. */
export type BareCr =
  /** Each is a line end. */
  | "convert"
  /** Each is a line end, but one right behind another goes out as it is, as in notqmail, unless a dot follows it. */
  | "classic"
  /** The message cannot be sent. */
  | "refuse"

/** Which refusals make another host of the recipient worth a try? */
export type MoveOn = "never" | "greeting" | "temporary"

export interface RemoteSettings {
  readonly classic: boolean
  /** control/helohost */
  readonly helo: ByteString
  /** control/smtproutes */
  readonly routes: ControlMap
  readonly connectPatience: Seconds
  /** For each reply, and for each write. */
  readonly replyPatience: Seconds
  /** For all questions of one delivery; 0: as long as it takes. */
  readonly dnsPatience: Seconds
  /** For all connections of one delivery; 0: as long as it takes. */
  readonly totalConnectPatience: Seconds
  readonly bareCr: BareCr
  readonly esmtp: boolean
  /** Most transactions over one connection. */
  readonly reuse: number
  readonly moveOn: MoveOn
}

/** control/barecr; in a classic home what is not refused goes out as notqmail sends it, but for its hole. */
export const bareCrOf = (text: ByteString | undefined, classic: boolean): BareCr =>
  text === "refuse" ? "refuse" : classic ? "classic" : "convert"

/** control/mxtry: connect, greeting or any4. */
export const moveOnOf = (text: ByteString | undefined): MoveOn =>
  text === "any4" ? "temporary" : text === "greeting" ? "greeting" : "never"
