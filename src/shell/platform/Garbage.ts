/** Memory that streams leave behind. */
import * as v8 from "node:v8"
import * as vm from "node:vm"

/**
 * A streamed message is garbage as soon as it has passed, but the pieces lie outside of the heap, and the collector
 * comes only when some 64 MiB of them have piled up. Told of each piece, this has the young ones collected (a
 * millisecond) every few MiB.
 */
export const passed = (bytes: number): void => {
  since += bytes
  if (since < collectEveryBytes) return
  since = 0
  collect ??= exposed()
  rounds += 1
  collect({ type: rounds % 8 === 0 ? "major" : "minor" })
}

let since = 0
let rounds = 0
let collect: ((how: { readonly type: "minor" | "major" }) => void) | undefined

const exposed = (): typeof collect & {} => {
  v8.setFlagsFromString("--expose-gc")
  const gc = vm.runInNewContext("gc") as typeof collect & {}
  v8.setFlagsFromString("--no-expose-gc")
  return gc
}

const collectEveryBytes = 1 << 20
