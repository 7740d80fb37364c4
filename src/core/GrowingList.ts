/** A list that shares its beginning with the lists it grew from: adding one costs the same, however many there are. */
export type GrowingList<A> =
  | { readonly last: A; readonly length: number; readonly before: GrowingList<A> }
  | { readonly length: 0 }

export const empty: GrowingList<never> = { length: 0 }

export const add = <A>(list: GrowingList<A>, last: A): GrowingList<A> => ({
  last,
  length: list.length + 1,
  before: list
})

/** In the order in which they were added. */
export const toArray = <A>(list: GrowingList<A>): ReadonlyArray<A> => {
  const all: Array<A> = []
  for (let at = list; "before" in at; at = at.before) all.push(at.last)
  return all.reverse()
}
