/** Reads from control/ what holds for deliveries to other hosts. */
import * as Effect from "effect/Effect"
import * as ControlMap from "../../core/control/ControlMap.ts"
import * as Settings from "../../core/control/Settings.ts"
import * as RemoteSettings from "../../core/remote/RemoteSettings.ts"
import { Controls } from "./Controls.ts"
import { Home } from "./Home.ts"

/** Fails if control files cannot be read, or neither helohost nor me exists. */
export const readSettings = Effect.gen(function* () {
  const controls = yield* Controls
  const { classic } = (yield* Home).record
  const helo = yield* controls.line(Settings.settings.helohost)
  if (helo === undefined) return yield* Effect.fail("no helohost" as const)
  const settings: RemoteSettings.RemoteSettings = {
    classic,
    helo,
    routes: ControlMap.mapOf((yield* controls.list(Settings.settings.smtproutes)) ?? []),
    connectPatience: yield* controls.integer(Settings.settings.timeoutconnect),
    replyPatience: yield* controls.integer(Settings.settings.timeoutremote),
    dnsPatience: yield* controls.integer(Settings.settings.timeoutdns),
    totalConnectPatience: yield* controls.integer(Settings.settings.timeoutconnecttotal),
    bareCr: RemoteSettings.bareCrOf(yield* controls.line(Settings.settings.barecr), classic),
    esmtp: (yield* controls.integer(Settings.settings.esmtp)) !== 0,
    reuse: yield* controls.integer(Settings.settings.connreuse),
    moveOn: RemoteSettings.moveOnOf(yield* controls.line(Settings.settings.mxtry))
  }
  return settings
})
