/** Reads from control/ what the SMTP server grants its clients. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as OwnAddresses from "../../core/address/OwnAddresses.ts"
import type { ByteString } from "../../core/Bytes.ts"
import * as Cdb from "../../core/control/Cdb.ts"
import { settings } from "../../core/control/Settings.ts"
import * as SmtpPolicy from "../../core/intake/SmtpPolicy.ts"
import { Controls, ControlsError } from "./Controls.ts"
import { Home } from "./Home.ts"
import * as Interfaces from "../platform/Interfaces.ts"

export interface SmtpSettings {
  readonly policy: SmtpPolicy.SmtpPolicy
  /** The name of this host. */
  readonly me: ByteString | undefined
  /** Seconds to wait for the client, at each reading and each writing. */
  readonly timeoutSeconds: number
}

/** `dataBytesVariable`: the value of DATABYTES, if it is set. An SMTP server must have a name to greet with. */
export const readPolicy = Effect.fnUntraced(function* (dataBytesVariable: ByteString | undefined) {
  const { path } = yield* Home
  const controls = yield* Controls
  const greeting = yield* controls.line(settings.smtpgreeting)
  if (greeting === undefined) return yield* new ControlsError({ file: `${path}/control/me`, reason: "ENOENT" })
  const grants = yield* readGrants(dataBytesVariable)
  const seconds = yield* controls.integer(settings.timeoutsmtpd)
  return {
    me: grants.me,
    policy: { ...grants.policy, greeting },
    timeoutSeconds: seconds
  } satisfies SmtpSettings
})

/** What QMTP clients are granted too. */
export const readGrants = Effect.fnUntraced(function* (dataBytesVariable: ByteString | undefined) {
  const controls = yield* Controls
  const { path, record } = yield* Home
  const me = yield* controls.line(settings.me)
  const policy = SmtpPolicy.from({
    classic: record.classic,
    me,
    greeting: "",
    localiphost: yield* controls.line(settings.localiphost),
    rcpthosts: yield* controls.list(settings.rcpthosts),
    more: isKeyOf(yield* controls.content(settings.morercpthostsCdb.name)),
    locals: yield* controls.list(settings.locals),
    virtualdomains: yield* controls.list(settings.virtualdomains),
    badmailfrom: yield* controls.list(settings.badmailfrom),
    foreigncommands: yield* controls.list(settings.foreigncommands),
    relayclients: yield* controls.list(settings.relayclients),
    openrelay: yield* controls.integer(settings.openrelay),
    databytes: SmtpPolicy.dataBytes(yield* controls.integer(settings.databytes), dataBytesVariable),
    maxhops: yield* controls.integer(settings.maxhops),
    maxrecipients: yield* controls.integer(settings.maxrecipients),
    isOurs: OwnAddresses.lookup(yield* Interfaces.addresses, record.classic)
  })
  if (Result.isFailure(policy))
    return yield* new ControlsError({
      file: `${path}/control/relayclients`,
      reason: `no address, prefix or network: ${policy.failure}`
    })
  return { me, policy: policy.success }
})

const isKeyOf =
  (cdb: Uint8Array | undefined) =>
  (key: ByteString): boolean | undefined =>
    cdb !== undefined &&
    Result.match(Cdb.find(cdb, key), { onFailure: () => undefined, onSuccess: (data) => data !== undefined })
