/**
 * What qmail-send and the spawners say to each other. A spawner first says how many deliveries it takes at once, in
 * one byte. A command is a byte, the delivery's number, and three strings with their NULs: message id, sender,
 * recipient. A report is the number, K, Z or D, a text, and a NUL.
 *
 * From: spawn.c, getcmd() and docmd(); qmail-send.c, comm_write() and del_dochan().
 */
import { type ByteString, concat, empty, fromChunk, toChunk } from "../Bytes.ts"

export interface SpawnCommand {
  readonly slot: number
  /** `<split>/<number>`, relative to queue/mess. */
  readonly messId: ByteString
  readonly sender: ByteString
  readonly recipient: ByteString
}

export const formatCommand = ({ messId, recipient, sender, slot }: SpawnCommand): Uint8Array =>
  toChunk(`${String.fromCharCode(slot)}${messId}\0${sender}\0${recipient}\0`)

export interface CommandsRead {
  readonly commands: ReadonlyArray<SpawnCommand>
  /** The bytes of a command that is not whole yet. */
  readonly rest: Uint8Array
}

/** Takes the bytes from qmail-send, cut anywhere. */
export const readCommands = (before: Uint8Array, chunk: Uint8Array): CommandsRead => {
  const bytes = before.length === 0 ? chunk : concat([before, chunk])
  const commands: Array<SpawnCommand> = []
  for (let at = 0; ;) {
    const messEnd = bytes.indexOf(0, at + 1)
    const senderEnd = messEnd < 0 ? -1 : bytes.indexOf(0, messEnd + 1)
    const recipientEnd = senderEnd < 0 ? -1 : bytes.indexOf(0, senderEnd + 1)
    if (recipientEnd < 0) return { commands, rest: at >= bytes.length ? empty : bytes.slice(at) }
    commands.push({
      slot: bytes[at]!,
      messId: fromChunk(bytes, at + 1, messEnd),
      sender: fromChunk(bytes, messEnd + 1, senderEnd),
      recipient: fromChunk(bytes, senderEnd + 1, recipientEnd)
    })
    at = recipientEnd + 1
  }
}

/** Why a command is not carried out, as the report says it; undefined if nothing speaks against it so far. */
export const objection = (
  command: SpawnCommand,
  limit: number,
  isBusy: (slot: number) => boolean
): ByteString | undefined => {
  if (command.slot >= limit) return "ZInternal error: delnum too big. (#4.3.5)\n"
  if (isBusy(command.slot)) return "ZInternal error: delnum in use. (#4.3.5)\n"
  if (!/^([0-9][0-9/]*)?$/.test(command.messId)) return "DInternal error: messid has nonnumerics. (#5.3.5)\n"
  if (command.messId.length + 1 > messIdMax) return "DInternal error: messid too long. (#5.3.5)\n"
  if (command.messId === "") return "DInternal error: messid too short. (#5.3.5)\n"
  if (!command.recipient.includes("@")) return "DSorry, address must include host name. (#5.1.3)\n"
  return undefined
}

/** What else can keep a spawner from starting a delivery. */
export const trouble = {
  open: "Zqmail-spawn unable to open message. (#4.3.0)\n",
  stat: "Zqmail-spawn unable to fstat message. (#4.3.0)\n",
  type: "ZSorry, message has wrong type. (#4.3.5)\n",
  owner: "ZSorry, message has wrong owner. (#4.3.5)\n",
  fork: "Zqmail-spawn unable to fork. (#4.3.0)\n"
} as const

/** `report` is a letter and its text. */
export const formatReport = (slot: number, report: ByteString): Uint8Array =>
  toChunk(`${String.fromCharCode(slot)}${report}\0`)

export interface SlotReport {
  readonly slot: number
  /** The letter first; may be empty or mangled. */
  readonly report: ByteString
}

export interface ReportsRead {
  readonly reports: ReadonlyArray<SlotReport>
  readonly rest: ByteString
}

/** Takes the bytes from a spawner. The first byte of a report is never its end: a delivery may have the number 0. */
export const readReports = (before: ByteString, chunk: Uint8Array): ReportsRead => {
  const reports: Array<SlotReport> = []
  let line = before
  for (let at = 0; at < chunk.length;) {
    if (line === "") line = String.fromCharCode(chunk[at++]!)
    const nul = chunk.indexOf(0, at)
    const end = nul < 0 ? chunk.length : nul
    // Later bytes of a report that is too long are dropped. (The original lets them overwrite the last one.)
    line += fromChunk(chunk, at, Math.min(end, at + Math.max(0, reportBytesMax - line.length)))
    if (nul < 0) break
    reports.push({ slot: line.charCodeAt(0), report: line.slice(1) })
    line = ""
    at = nul + 1
  }
  return { reports, rest: line }
}

/** With its NUL. */
const messIdMax = 100
/** With the number: the spawners keep reports short, but they are not trusted to. (qmail-send.c, REPORTMAX) */
export const reportBytesMax = 10000
