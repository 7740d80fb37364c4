/** The loop around a machine: what it orders is done, and it is told what came of that. */
import * as Effect from "effect/Effect"
import type { Errno } from "../../core/Outcome.ts"
import type { FilesError } from "./Files.ts"

/** What a machine is told of a call that the system refused. */
export interface Failed {
  readonly _tag: "Failed"
  readonly errno: Errno
}

/**
 * Does what was ordered, in this order; what an answer leads to is done before what else was ordered. `carryOut`
 * answers undefined where the machine asks for no answer. `decide` keeps the machine's state.
 */
export const perform = <Command, Event>(
  commands: ReadonlyArray<Command>,
  carryOut: (command: Command) => Effect.Effect<Event | undefined, FilesError>,
  decide: (event: Event | Failed) => ReadonlyArray<Command>
): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let agenda = commands; agenda.length > 0;) {
      const answer = yield* Effect.match(carryOut(agenda[0]!), {
        onFailure: ({ errno }): Failed => ({ _tag: "Failed", errno }),
        onSuccess: (event) => event
      })
      const later = agenda.slice(1)
      agenda = answer === undefined ? later : decide(answer).concat(later)
    }
  })
