/**
 * Which files of `drop` are messages to be taken, and which are to be removed?
 *
 * Any account can put anything there. What is whole is taken, whatever its number, for somebody was told yes; accounts
 * take turns. What nobody was told yes for goes when it is old, or more than one account may have; what is no message at
 * all goes at once. A directory stays: only its owner can remove what is in it.
 */
import type { ByteString } from "../Bytes.ts"
import type { Seconds } from "../Time.ts"
import * as DropName from "./DropName.ts"
import { ossified } from "./QueueSweep.ts"

export interface Found {
  readonly name: ByteString
  readonly kind: string
  readonly uid: number
  readonly mode: number
  readonly bytes: number
  /** Seconds since 1970. */
  readonly mtime: Seconds
}

export interface Plan {
  readonly take: ReadonlyArray<Found>
  readonly remove: ReadonlyArray<{ readonly found: Found; readonly why: string }>
}

export const plan = (all: ReadonlyArray<Found>, now: Seconds, limits: DropName.Limits): Plan => {
  const files = all.filter(({ kind, name }) => name !== triggerName && kind !== "directory")
  const sorted = files.toSorted((a, b) => a.mtime - b.mtime || (a.name < b.name ? -1 : 1))
  const unfinished = sorted.filter((found) => isOwn(found, "new"))
  const rubbish = sorted.filter((found) => !isOwn(found, "new") && !isMessage(found))
  return {
    take: inTurns(sorted.filter(isMessage)),
    remove: [
      ...rubbish.map((found) => ({ found, why: "it is no message" })),
      ...unfinished.filter((found) => isOld(found, now)).map((found) => ({ found, why: "nobody finished it" })),
      ...perAccount(unfinished.filter((found) => !isOld(found, now)))
        .flatMap((some) => beyond(some, limits))
        .map((found) => ({ found, why: "its account has too much there" }))
    ]
  }
}

const triggerName = DropName.trigger.slice(DropName.directory.length + 1)

const isOwn = ({ kind, name, uid }: Found, stage: DropName.Stage): boolean => {
  const named = DropName.parseName(name)
  return kind === "file" && named !== undefined && named.stage === stage && named.uid === uid
}

/** The submitter sets the mode: a file that an account was tricked into writing there has another. */
const isMessage = (found: Found): boolean => isOwn(found, "msg") && found.mode === DropName.mode

const isOld = ({ mtime }: Found, now: Seconds): boolean => now > mtime + ossified

const perAccount = (files: ReadonlyArray<Found>): ReadonlyArray<ReadonlyArray<Found>> => [
  ...Map.groupBy(files, ({ uid }) => uid).values()
]

/** The oldest of each, then the second of each, and so on. */
const inTurns = (files: ReadonlyArray<Found>): ReadonlyArray<Found> => {
  const accounts = perAccount(files)
  const longest = Math.max(0, ...accounts.map(({ length }) => length))
  return Array.from({ length: longest }, (_, turn) =>
    accounts.flatMap((own) => (turn < own.length ? [own[turn]!] : []))
  ).flat()
}

/** What does not fit within the limits, the oldest first. */
const beyond = (files: ReadonlyArray<Found>, { bytes, messages }: DropName.Limits): ReadonlyArray<Found> => {
  let sum = 0
  return files.filter((found, i) => {
    sum += found.bytes
    return (messages > 0 && i >= messages) || (bytes > 0 && sum > bytes)
  })
}
