/**
 * Connections that have carried a message and wait for another one to the same address and port. One that waits for
 * five seconds, or that the other side ends, is closed. (W105)
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as IpAddress from "../../core/address/IpAddress.ts"
import { toChunk } from "../../core/Bytes.ts"
import type { Extensions } from "../../core/remote/SmtpAnswer.ts"
import type { Connection, Endpoint } from "../platform/Sockets.ts"

export interface Idle {
  readonly connection: Connection
  readonly extensions: Extensions
  /** Messages it has carried. */
  readonly uses: number
}

export interface SmtpConnectionCalls {
  /** False: nothing is ever kept. */
  readonly isKeeping: boolean
  /** The connection used last, if any is left. */
  readonly take: (to: Endpoint) => Effect.Effect<Idle | undefined>
  readonly give: (to: Endpoint, idle: Idle) => Effect.Effect<void>
}

export class SmtpConnections extends Context.Service<SmtpConnections, SmtpConnectionCalls>()(
  "thresher/shell/SmtpConnections"
) {
  /** For a program that delivers one message. */
  static readonly layerNone: Layer.Layer<SmtpConnections> = Layer.succeed(SmtpConnections, {
    isKeeping: false,
    take: () => Effect.undefined,
    give: (_to, { connection }) => say(connection)
  })

  static readonly layer: Layer.Layer<SmtpConnections> = Layer.effect(
    SmtpConnections,
    Effect.gen(function* () {
      const waiting = new Map<string, Array<Idle & { readonly since: number }>>()
      let count = 0

      const takeOldest = (before: number): ReadonlyArray<Idle> => {
        const old: Array<Idle> = []
        for (const [key, idles] of waiting) {
          while (idles.length > 0 && idles[0]!.since <= before) old.push(idles.shift()!)
          if (idles.length === 0) waiting.delete(key)
        }
        count -= old.length
        return old
      }
      const closeOlderThan = (before: number) =>
        Effect.forEach(takeOldest(before), ({ connection }) => say(connection), { discard: true })

      // Runs only while somebody waits: a clock that is simulated would have to stop for it every second.
      let sweeping = false
      const sweep = Effect.gen(function* () {
        while (waiting.size > 0) {
          yield* Effect.sleep(sweepMillis)
          yield* closeOlderThan((yield* Clock.currentTimeMillis) - mostIdleMillis)
        }
        sweeping = false
      })
      const scope = yield* Effect.scope
      yield* Effect.addFinalizer(() => closeOlderThan(Infinity))

      return {
        isKeeping: true,
        take: Effect.fnUntraced(function* (to: Endpoint) {
          const idles = waiting.get(keyOf(to))
          for (let idle = idles?.pop(); idle !== undefined; idle = idles?.pop()) {
            count--
            if (idle.connection.isQuiet()) return idle
            yield* idle.connection.close
          }
          return undefined
        }),
        give: Effect.fnUntraced(function* (to: Endpoint, idle: Idle) {
          if (count >= mostIdle || !idle.connection.isQuiet()) return yield* say(idle.connection)
          const since = yield* Clock.currentTimeMillis
          const key = keyOf(to)
          const idles = waiting.get(key)
          if (idles === undefined) waiting.set(key, [{ ...idle, since }])
          else idles.push({ ...idle, since })
          count++
          if (sweeping) return
          sweeping = true
          yield* Effect.forkIn(sweep, scope)
        })
      }
    })
  )
}

const keyOf = ({ address, port }: Endpoint): string => `${IpAddress.format(address)} ${port}`

/** Nobody waits for the reply. */
const say = (connection: Connection): Effect.Effect<void> =>
  Effect.andThen(Effect.ignore(connection.write(quit, quitPatience)), connection.close)

const quit = toChunk("QUIT\r\n")
const quitPatience = 5
/** Hosts that take one message take the next one soon, or not for a long time. */
const mostIdleMillis = 5000
const sweepMillis = 1000
const mostIdle = 500
