/**
 * What a machine is: state and event in, state and commands out. A machine performs nothing; a driver in
 * the shell performs the commands in their order and answers with events.
 */
export interface Step<State, Command> {
  readonly state: State
  readonly commands: ReadonlyArray<Command>
}

export interface Machine<Input, State, Event, Command> {
  readonly initial: (input: Input) => Step<State, Command>
  readonly decide: (state: State, event: Event) => Step<State, Command>
  readonly isOver: (state: State) => boolean
}

export const step = <State, Command>(state: State, ...commands: ReadonlyArray<Command>): Step<State, Command> => ({
  state,
  commands
})

/** Narrows the event to the one that this state expects; any other is a bug of the driver. */
export const on = <E extends { readonly _tag: string }, Tag extends E["_tag"], A>(
  event: E,
  tag: Tag,
  then: (event: Extract<E, { readonly _tag: Tag }>) => A
): A => (event._tag === tag ? then(event as Extract<E, { readonly _tag: Tag }>) : impossible(event, `expected ${tag}`))

/** A bug, not a failure of the world: the program ends with 111 and the files stay as they are. */
export const impossible = (event: unknown, why: string): never => {
  const tag = typeof event === "object" && event !== null && "_tag" in event ? String(event._tag) : String(event)
  throw new Error(`impossible: ${tag}: ${why}`)
}
