/**
 * The table of addresses that timed out, in queue/lock/tcpto (and lock/tcpto6 for IPv6), shared by all processes of a
 * home. If a file is missing, unusable or cannot be locked, nothing is remembered, and nobody is told.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { IpAddress } from "../../core/address/IpAddress.ts"
import type { ByteString } from "../../core/Bytes.ts"
import * as TcpTimeouts from "../../core/remote/TcpTimeouts.ts"
import { Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { Locks } from "../platform/Locks.ts"

export interface TcpTimeoutCalls {
  readonly shouldSkip: (address: IpAddress) => Effect.Effect<boolean>
  /** It has taken the connection, or refused it at once. */
  readonly connected: (address: IpAddress) => Effect.Effect<void>
  readonly timedOut: (address: IpAddress) => Effect.Effect<void>
}

/** The file of a layout, below the home. */
export const fileOf = (layout: TcpTimeouts.Layout): ByteString =>
  layout === TcpTimeouts.layoutV4 ? "queue/lock/tcpto" : "queue/lock/tcpto6"

type Decide = (table: Uint8Array) => TcpTimeouts.Change | undefined

export class TcpTimeoutFile extends Context.Service<TcpTimeoutFile, TcpTimeoutCalls>()(
  "thresher/shell/TcpTimeoutFile"
) {
  /** `freshSeconds`: how old a copy of the file in memory may be; 0 for a program with one job. */
  static readonly layer = (freshSeconds = 0): Layer.Layer<TcpTimeoutFile, never, Files | Home | Identity | Locks> =>
    Layer.effect(
      TcpTimeoutFile,
      Effect.gen(function* () {
        const files = yield* Files
        const home = yield* Home
        const locks = yield* Locks
        const { classic } = home.record
        const { pid } = yield* Identity
        const copies = new Map<TcpTimeouts.Layout, { readonly table: Uint8Array; readonly readAt: number }>()
        const use = <A>(layout: TcpTimeouts.Layout, job: (fd: number) => Effect.Effect<A, unknown>, otherwise: A) =>
          Effect.acquireUseRelease(files.open(`${home.path}/${fileOf(layout)}`, "update"), job, (fd) =>
            Effect.ignore(files.close(fd))
          ).pipe(Effect.orElseSucceed(() => otherwise))
        const readTable = (fd: number, layout: TcpTimeouts.Layout) => files.read(fd, TcpTimeouts.fileBytes(layout), 0)

        const latest = Effect.fnUntraced(function* (layout: TcpTimeouts.Layout, now: number) {
          // A record is 16 or 32 bytes written by one call: it is read whole without a lock.
          const table = yield* use(layout, (fd) => readTable(fd, layout), noTable)
          copies.set(layout, { table, readAt: now })
          return table
        })
        const tableOf = (layout: TcpTimeouts.Layout, now: number) => {
          const copy = copies.get(layout)
          return copy !== undefined && Math.abs(now - copy.readAt) < freshSeconds
            ? Effect.succeed(copy.table)
            : latest(layout, now)
        }
        const update = (layout: TcpTimeouts.Layout, decide: Decide) =>
          use(
            layout,
            (fd) =>
              locks.whileLocked(fd, Infinity, (answer) =>
                answer._tag === "Locked" ? updateLocked(fd, layout, decide) : Effect.void
              ),
            undefined
          )
        const updateLocked = Effect.fnUntraced(function* (fd: number, layout: TcpTimeouts.Layout, decide: Decide) {
          const change = decide(yield* readTable(fd, layout))
          if (change !== undefined) yield* files.write(fd, change.bytes, change.position)
          copies.delete(layout)
        })

        return {
          shouldSkip: Effect.fnUntraced(function* (address: IpAddress) {
            const now = yield* currentSeconds
            const layout = TcpTimeouts.layoutOf(address)
            if (!TcpTimeouts.shouldSkip(yield* tableOf(layout, now), address, now, pid, classic)) return false
            // Somebody may have cleared the file meanwhile.
            return freshSeconds === 0 || TcpTimeouts.shouldSkip(yield* latest(layout, now), address, now, pid, classic)
          }),
          connected: Effect.fnUntraced(function* (address: IpAddress) {
            const layout = TcpTimeouts.layoutOf(address)
            // The copy may have gone with a change to another record.
            const table = copies.get(layout)?.table ?? (yield* latest(layout, yield* currentSeconds))
            if (TcpTimeouts.afterSuccess(table, address) !== undefined)
              yield* update(layout, (now) => TcpTimeouts.afterSuccess(now, address))
          }),
          timedOut: Effect.fnUntraced(function* (address: IpAddress) {
            const now = yield* currentSeconds
            yield* update(TcpTimeouts.layoutOf(address), (table) =>
              TcpTimeouts.afterTimeout(table, address, now, classic)
            )
          })
        }
      })
    )

  /** Remembers in memory, for as long as the layer lives. */
  static readonly layerMemory: Layer.Layer<TcpTimeoutFile, never, Identity> = Layer.effect(
    TcpTimeoutFile,
    Effect.map(Identity, ({ pid }) => {
      const tables = new Map(
        [TcpTimeouts.layoutV4, TcpTimeouts.layoutV6].map((layout) => [
          layout,
          new Uint8Array(TcpTimeouts.fileBytes(layout))
        ])
      )
      const tableOf = (address: IpAddress) => tables.get(TcpTimeouts.layoutOf(address))!
      const apply = (address: IpAddress, change: TcpTimeouts.Change | undefined): void => {
        if (change !== undefined) tableOf(address).set(change.bytes, change.position)
      }
      return {
        shouldSkip: (address) =>
          Effect.map(currentSeconds, (now) => TcpTimeouts.shouldSkip(tableOf(address), address, now, pid)),
        connected: (address) => Effect.sync(() => apply(address, TcpTimeouts.afterSuccess(tableOf(address), address))),
        timedOut: (address) =>
          Effect.map(currentSeconds, (now) => apply(address, TcpTimeouts.afterTimeout(tableOf(address), address, now)))
      }
    })
  )
}

const currentSeconds = Effect.map(Clock.currentTimeMillis, (millis) => Math.floor(millis / 1000))
const noTable = new Uint8Array(0)
