/** Deliveries by this very process, as the one owner of all mail: what a server has instead of the two spawners. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { ByteString } from "../core/Bytes.ts"
import * as OwnerDelivery from "../core/delivery/OwnerDelivery.ts"
import type { Report } from "../core/delivery/SpawnReport.ts"
import * as SpawnReport from "../core/delivery/SpawnReport.ts"
import * as MessageNumber from "../core/queue/MessageNumber.ts"
import { Identity } from "./Identity.ts"
import * as LocalAgent from "./LocalAgent.ts"
import { QueueStore } from "./QueueStore.ts"
import * as RemoteAgent from "./RemoteAgent.ts"
import { type DeliveryOrder, Spawner } from "./Spawner.ts"
import { UserDatabase } from "./UserDatabase.ts"

/** `defaultDelivery`: the instructions of those who have no .qmail, e.g. `./Maildir/`. */
export const layer = (defaultDelivery: ByteString) => Spawner.layerFrom(makeDeliver(defaultDelivery))

const makeDeliver = Effect.fnUntraced(function* (defaultDelivery: ByteString) {
  const store = yield* QueueStore
  const settings = fresh(RemoteAgent.readSettings)
  return Effect.fnUntraced(function* (order: DeliveryOrder) {
    const at = order.recipient.lastIndexOf("@")
    const message = store.path(MessageNumber.mess(order.id, store.split))
    const place = { box: order.recipient.slice(0, at), domain: order.recipient.slice(at + 1), message }
    if (order.channel === "local")
      return yield* deliverLocal(order, { ...place, beforeProgram: () => store.pin(order.id) }, defaultDelivery)
    return yield* deliverRemote(order, place, settings)
  })
})

interface Place {
  readonly box: ByteString
  readonly domain: ByteString
  readonly message: ByteString
}

const deliverLocal = Effect.fnUntraced(function* (
  { sender }: DeliveryOrder,
  { beforeProgram, box, domain, message }: Place & { readonly beforeProgram: () => void },
  defaultDelivery: ByteString
) {
  if (box === "") return SpawnReport.trash
  const found = yield* (yield* UserDatabase).lookup(box)
  if (found._tag === "Failed") return SpawnReport.ofLocal({ _tag: "Exited", exitCode: found.exitCode }, "")
  const { account } = found
  const objection = OwnerDelivery.objection(account, (yield* Identity).effectiveUid)
  if (objection !== undefined) return objection
  const { exitCode, output } = yield* LocalAgent.deliver({
    ...account,
    local: box,
    domain,
    sender,
    defaultDelivery,
    message,
    beforeProgram
  })
  return SpawnReport.ofLocal({ _tag: "Exited", exitCode }, SpawnReport.cutLocal(output))
})

const deliverRemote = <E, R>(
  { recipient, sender }: DeliveryOrder,
  { domain, message }: Place,
  settings: Effect.Effect<Parameters<typeof RemoteAgent.deliver>[1], E, R>
) =>
  settings.pipe(
    Effect.flatMap((current) =>
      RemoteAgent.deliver({ host: domain, sender, recipients: [recipient], message }, current)
    ),
    Effect.match({
      onFailure: (): Report => "ZUnable to read control files. (#4.3.0)\n",
      onSuccess: (output): Report => SpawnReport.ofRemote({ _tag: "Exited", exitCode: 0 }, output)
    })
  )

/** Control files are read again after a while, not for every delivery. */
const fresh = <A, E, R>(read: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  let kept: { readonly value: A; readonly until: number } | undefined
  return Effect.flatMap(Clock.currentTimeMillis, (now) =>
    kept !== undefined && now < kept.until
      ? Effect.succeed(kept.value)
      : Effect.tap(read, (value) =>
          Effect.sync(() => {
            kept = { value, until: now + freshMillis }
          })
        )
  )
}

const freshMillis = 5000
