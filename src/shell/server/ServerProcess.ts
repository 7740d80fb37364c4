/**
 * Which process serves this queue? The one that has lock/sendmutex open: a pid in a file may be another's by now, and
 * means something else in another pid namespace. A server started on a full disk has no record, and is found all the same.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { fromChunk } from "../../core/Bytes.ts"
import { Files, type FilesError } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import * as ServerRecord from "./ServerRecord.ts"

/** `Closed`: a server of another account, whose descriptors we may not look at. */
export type Found =
  | { readonly _tag: "Found"; readonly pid: number }
  | { readonly _tag: "Closed"; readonly pid: number }
  | { readonly _tag: "NotOurs" }

export const find = Effect.gen(function* () {
  const files = yield* Files
  const recorded = (yield* ServerRecord.read)?.pid
  const mutex = yield* files.stat(`${(yield* Home).path}/queue/lock/sendmutex`)
  const hasMutex = Effect.fnUntraced(function* (pid: number) {
    const descriptors = yield* Effect.result(files.list(`/proc/${pid}/fd`))
    if (Result.isFailure(descriptors)) return mayNot.has(descriptors.failure.errno) ? "unknown" : false
    for (const descriptor of descriptors.success) {
      const open = yield* orNothing(files.stat(`/proc/${pid}/fd/${descriptor}`), undefined)
      if (open?.inode === mutex.inode && open.device === mutex.device) return true
    }
    return false
  })
  if (recorded !== undefined && (yield* hasMutex(recorded)) === true) return found("Found", recorded)
  let closed: number | undefined
  for (const name of yield* orNothing(files.list("/proc"), [])) {
    const pid = Number(name)
    if (!Number.isInteger(pid) || !(yield* isStarter(pid))) continue
    const has = yield* hasMutex(pid)
    if (has === true) return found("Found", pid)
    if (has === "unknown" && (closed === undefined || pid === recorded)) closed = pid
  }
  return closed === undefined ? notOurs : found("Closed", closed)
})

const found = (_tag: "Found" | "Closed", pid: number): Found => ({ _tag, pid })
const notOurs: Found = { _tag: "NotOurs" }
const mayNot: ReadonlySet<string> = new Set(["EACCES", "EPERM"])

/** `node …/thresher start …`: other programs hold the lock too, if only for a moment. */
const isStarter = Effect.fnUntraced(function* (pid: number) {
  const files = yield* Files
  const words = fromChunk(yield* orNothing(files.readFile(`/proc/${pid}/cmdline`), new Uint8Array())).split("\0")
  return words.some((word, at) => /(^|\/)thresher([.][a-z]+)?$/.test(word) && words[at + 1] === "start")
})

/** A process may go while it is looked at, and those of other accounts are closed to us. */
const orNothing = <A, B>(effect: Effect.Effect<A, FilesError>, nothing: B) =>
  Effect.orElseSucceed(effect, (): A | B => nothing)
