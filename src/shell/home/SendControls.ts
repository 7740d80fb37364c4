/** Reads what qmail-send wants to know from control/. */
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as ControlMap from "../../core/control/ControlMap.ts"
import { settings as s } from "../../core/control/Settings.ts"
import type { Fact, Settings } from "../../core/delivery/SendState.ts"
import type { Rules } from "../../core/route/RecipientRoute.ts"
import { Controls, ControlsError } from "./Controls.ts"
import { Home } from "./Home.ts"

/** Neither control/locals nor control/me. */
class NoLocals extends Data.TaggedError("NoLocals") {}

/** Where a server differs from qmail-send under a supervisor. */
export interface Manner {
  readonly patience: number | undefined
  readonly limits: { readonly local: number; readonly remote: number }
}

const readLocals = Effect.gen(function* () {
  const controls = yield* Controls
  const locals = yield* controls.list(s.locals)
  return locals === undefined ? yield* new NoLocals() : ControlMap.setOf(locals)
})

const readVirtualDomains = Effect.flatMap(Controls, (controls) =>
  Effect.map(controls.list(s.virtualdomains), (entries) => ControlMap.mapOf(entries ?? []))
)

const readRules: Effect.Effect<Rules, ControlsError | NoLocals, Controls> = Effect.gen(function* () {
  const controls = yield* Controls
  return {
    locals: yield* readLocals,
    virtualdomains: yield* readVirtualDomains,
    percenthack: ControlMap.setOf((yield* controls.list(s.percenthack)) ?? []),
    envnoathost: (yield* controls.line(s.envnoathost))!
  }
})

/** `limits`: what the spawners take. */
export const read = Effect.fnUntraced(function* ({ limits, patience }: Manner) {
  const controls = yield* Controls
  const { record } = yield* Home
  const total = yield* controls.integer(s.concurrencytotal)
  const settings: Settings = {
    classic: record.classic,
    split: record.split,
    routes: yield* readRules,
    lifetime: yield* controls.integer(s.queuelifetime),
    concurrency: {
      local: Math.min(limits.local, yield* controls.integer(s.concurrencylocal)),
      remote: Math.min(limits.remote, yield* controls.integer(s.concurrencyremote))
    },
    concurrencyTotal: total === 0 ? undefined : total,
    concurrencyBounce: yield* controls.integer(s.concurrencybounce),
    passQuantum: yield* controls.integer(s.passquantum),
    classicPass: (yield* controls.integer(s.classicpass)) > 0,
    syncBounce: (yield* controls.integer(s.syncbounce)) > 0,
    autoreload: yield* controls.integer(s.autoreload),
    bounce: {
      from: (yield* controls.line(s.bouncefrom))!,
      host: (yield* controls.line(s.bouncehost))!,
      doubleTo: `${yield* controls.line(s.doublebounceto)}@${yield* controls.line(s.doublebouncehost)}`
    },
    patience
  }
  return settings
})

type Outcome = Extract<Fact, { readonly _tag: "ControlsReread" }>["outcome"]

/** The original rereads these two, and keeps both if one of them fails. (qmail-send.c, regetcontrols) */
export const rereadClassic = (before: Settings): Effect.Effect<Outcome, never, Controls> => {
  const failed = (what: string) => () => Effect.succeed<Outcome>({ _tag: "Failed", what })
  return Effect.matchEffect(readLocals, {
    onFailure: failed("control/locals"),
    onSuccess: (locals) =>
      Effect.matchEffect(readVirtualDomains, {
        onFailure: failed("control/virtualdomains"),
        onSuccess: (virtualdomains) =>
          Effect.succeed<Outcome>({
            _tag: "Read",
            settings: { ...before, routes: { ...before.routes, locals, virtualdomains } }
          })
      })
  })
}

/** How long standing still is borne in silence; 0: for ever. */
export const readYell = Effect.flatMap(Controls, (controls) => controls.integer(s.yell))

export const currentSeconds = Effect.map(Clock.currentTimeMillis, (millis) => Math.floor(millis / 1000))
