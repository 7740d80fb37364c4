/** Seeded chance: the same seed, the same storm. `SOAK_SEED` chooses another than 1. */
export interface Chance {
  /** A whole number from `least` up to and with `most`. */
  readonly between: (least: number, most: number) => number
  readonly oneOf: <A>(values: ReadonlyArray<A>) => A
  readonly bytes: (length: number) => Uint8Array
}

export const seed = Number(process.env["SOAK_SEED"] ?? 1)

/** mulberry32: 32 bits of state, good enough to shake a server with. */
export const chanceOf = (start: number): Chance => {
  let state = start >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const between = (least: number, most: number) => least + (next() % (most - least + 1))
  return {
    between,
    oneOf: (values) => values[between(0, values.length - 1)]!,
    bytes: (length) => Uint8Array.from({ length }, () => next() >>> 24)
  }
}
