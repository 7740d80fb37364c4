/**
 * How does this part of a home differ from what was installed?
 *
 * Any difference is told, whether it matters or not; what matters is told by `LayoutCheck`. (qmail's instcheck.c)
 */
import type { ByteString } from "../Bytes.ts"
import { type Entry, modeOf } from "./Layout.ts"
import type { Expected, Seen } from "./LayoutCheck.ts"

/** What a part is called when something is said about it: what is copied goes by the end of its path. */
export const nameOf = (home: ByteString, { from, path }: Entry): ByteString =>
  path === "" ? home : from === undefined ? `${home}/${path}` : `.../${path}`

/** Undefined: it does not exist. Nobody is expected where the owner is unknown. */
export const judge = (entry: Entry, seen: Seen | undefined, expected: Expected): ReadonlyArray<string> => {
  if (seen === undefined) return ["does not exist"]
  const isOther = (wanted: number | undefined, found: number) => wanted !== undefined && wanted !== found
  return [
    ...(isOther(expected.uid, seen.uid) ? ["has wrong owner"] : []),
    ...(isOther(expected.gid, seen.gid) ? ["has wrong group"] : []),
    ...(seen.mode === modeOf(entry, seen.isScript) ? [] : ["has wrong permissions"]),
    ...(seen.kind === entry.kind ? [] : ["has wrong type"])
  ]
}
