/**
 * All that control/ says to a server. The files are read together, judged together by the rules of `thresher check`,
 * and count together from one moment on, for the SMTP server, for qmail-send and for remote deliveries; or nothing
 * changes. users/cdb is judged with them, but counts when it is replaced, as in qmail.
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import { type ByteString, fromChunk } from "../../core/Bytes.ts"
import * as ControlCheck from "../../core/control/ControlCheck.ts"
import * as Finding from "../../core/control/Finding.ts"
import * as ControlSettings from "../../core/control/Settings.ts"
import type { Fact, Settings } from "../../core/delivery/SendState.ts"
import { impossible } from "../../core/Machine.ts"
import { systemText } from "../../core/Outcome.ts"
import * as RelayClients from "../../core/relay/RelayClients.ts"
import type { RemoteSettings } from "../../core/remote/RemoteSettings.ts"
import { Controls, ControlsError } from "./Controls.ts"
import type { Files } from "../platform/Files.ts"
import { Home } from "./Home.ts"
import * as HomeCheck from "./HomeCheck.ts"
import type { Identity } from "../platform/Identity.ts"
import * as RemoteControls from "./RemoteControls.ts"
import * as SendControls from "./SendControls.ts"
import { readPolicy, type SmtpSettings } from "./SmtpControls.ts"

export interface Everything {
  readonly send: Settings
  readonly smtp: SmtpSettings
  readonly remote: RemoteSettings
}

/** The files as they are must not count. `reason` names file, line and reason. */
export class ConfigurationError extends Data.TaggedError("ConfigurationError")<{ readonly reason: ByteString }> {}

type Services = Controls | Files | Home | Identity
type Outcome = Extract<Fact, { readonly _tag: "ControlsReread" }>["outcome"]

export interface ConfigurationCalls {
  /** What counts now. */
  readonly current: () => Everything
  /** Reads everything for the first time; it counts at once. */
  readonly begin: (manner: SendControls.Manner) => Effect.Effect<Settings, ConfigurationError>
  /** Reads everything again; it counts when qmail-send has taken its part. `asked`: even if no file has changed. */
  readonly reread: (asked: boolean) => Effect.Effect<Outcome>
  /** What these settings of qmail-send were read with counts from now on. */
  readonly taken: (settings: Settings) => void
}

export class Configuration extends Context.Service<Configuration, ConfigurationCalls>()(
  "thresher/shell/Configuration"
) {
  static readonly layer: Layer.Layer<Configuration, never, Services> = Layer.effect(
    Configuration,
    Effect.gen(function* () {
      const services = yield* Effect.context<Services>()
      let counting: Everything | undefined
      let reread: (asked: boolean) => Effect.Effect<Outcome> = () => Effect.succeed({ _tag: "Unchanged" })
      const read = new WeakMap<Settings, Everything>()
      return {
        current: () => counting ?? impossible("nothing", "the configuration was not read"),
        begin: (manner) =>
          Effect.gen(function* () {
            const contents = yield* readContents
            counting = yield* judged(contents, manner)
            reread = rereader(manner, contents, (everything) => void read.set(everything.send, everything), services)
            return counting.send
          }).pipe(Effect.provideContext(services)),
        reread: (asked) => Effect.suspend(() => reread(asked)),
        taken: (settings) => {
          counting = read.get(settings) ?? counting
        }
      }
    })
  )
}

/** For qmail-send among qmail's processes, in a home of ours: the same rules, and the others read for themselves. */
export const ofSender = Effect.fnUntraced(function* (manner: SendControls.Manner) {
  return rereader(manner, yield* readContents, () => {}, yield* Effect.context<Services>())
})

/** One reading after the other, so that the last one asked for is the last to count. */
const rereader = (
  manner: SendControls.Manner,
  first: Contents,
  took: (everything: Everything) => void,
  services: Context.Context<Services>
) => {
  const turn = Semaphore.makeUnsafe(1)
  let seen = first
  return (asked: boolean): Effect.Effect<Outcome> =>
    Effect.gen(function* () {
      const contents = yield* readContents
      if (!asked && isSame(contents, seen)) return { _tag: "Unchanged" } as const
      seen = contents
      const everything = yield* judged(contents, manner)
      took(everything)
      return { _tag: "Read", settings: everything.send } as const
    }).pipe(
      Effect.catchTag("ConfigurationError", ({ reason }) =>
        Effect.succeed({ _tag: "Failed", what: `controls: ${reason}` } as const)
      ),
      Effect.provideContext(services),
      turn.withPermit
    )
}

/** What each file held when it was looked at; undefined: it does not exist. */
type Contents = ReadonlyMap<string, Uint8Array | ControlsError | undefined>

const readContents: Effect.Effect<Contents, never, Controls> = Effect.flatMap(Controls, ({ content }) =>
  Effect.map(
    Effect.forEach(
      ControlSettings.all,
      ({ name }) =>
        Effect.map(
          Effect.catch(content(name), (error) => Effect.succeed(error)),
          (found) => [name, found] as const
        ),
      { concurrency: "unbounded" }
    ),
    (entries) => new Map(entries)
  )
)

const isSame = (one: Contents, other: Contents): boolean =>
  [...one].every(([name, content]) => textOf(content) === textOf(other.get(name)))

const textOf = (content: Uint8Array | ControlsError | undefined): ByteString | undefined =>
  content instanceof Uint8Array ? `=${fromChunk(content)}` : content?.reason

const judged = Effect.fnUntraced(function* (contents: Contents, manner: SendControls.Manner) {
  const { path, record } = yield* Home
  const unreadable = [...contents].flatMap(([name, content]) =>
    content instanceof ControlsError
      ? [Finding.error(`control/${name}`, `unable to ${content.operation ?? "read"}: ${systemText(content.reason)}`)]
      : []
  )
  const files = new Map<string, Uint8Array>()
  for (const [name, content] of contents) if (content instanceof Uint8Array) files.set(name, content)
  const context: ControlCheck.ControlContext = {
    classic: record.classic,
    content: (name) => {
      const content = files.get(name)
      return content && fromChunk(content)
    },
    isRelayClient: (entry) => Result.isSuccess(RelayClients.parse([entry]))
  }
  const refused = Finding.refusal([
    ...unreadable,
    ...[...files.keys()].flatMap((name) => ControlCheck.checkFile(name, context)),
    ...ControlCheck.checkTogether(context),
    ...(yield* HomeCheck.users)
  ])
  if (refused !== undefined) return yield* new ConfigurationError({ reason: refused })
  return yield* Effect.all({
    send: SendControls.read(manner),
    smtp: readPolicy(undefined),
    remote: RemoteControls.readSettings
  }).pipe(
    Effect.provideService(
      Controls,
      Controls.ofContents((name) => files.get(name), path, record.classic)
    ),
    Effect.mapError(
      (error) =>
        new ConfigurationError({
          reason:
            error instanceof ControlsError
              ? `${error.file.slice(path.length + 1)}: ${error.reason}`
              : "control/me: does not exist"
        })
    )
  )
})
