/** Deliveries by this very process, as the one owner of all mail: what a server has instead of the two spawners. */
import * as Effect from "effect/Effect"
import type { ByteString } from "../../core/Bytes.ts"
import * as OwnerDelivery from "../../core/delivery/OwnerDelivery.ts"
import type { Report } from "../../core/delivery/SpawnReport.ts"
import * as SpawnReport from "../../core/delivery/SpawnReport.ts"
import * as MessageNumber from "../../core/queue/MessageNumber.ts"
import type { RemoteSettings } from "../../core/remote/RemoteSettings.ts"
import { Configuration } from "../home/Configuration.ts"
import { Identity } from "../platform/Identity.ts"
import * as LocalAgent from "../local/LocalAgent.ts"
import { type QueueCalls, QueueStore } from "../queue/QueueStore.ts"
import * as RemoteAgent from "../remote/RemoteAgent.ts"
import type { DeliveryOrder } from "./Spawner.ts"
import { UserDatabase } from "../home/UserDatabase.ts"

/** Deliveries to other hosts, by the settings that count when each begins. */
export const remoteDelivery = Effect.gen(function* () {
  const store = yield* QueueStore
  const { current } = yield* Configuration
  return (order: DeliveryOrder) => deliverRemote(order, placeOf(store, order), current().remote)
})

interface Place {
  readonly box: ByteString
  readonly domain: ByteString
  readonly message: ByteString
}

const placeOf = (store: QueueCalls, { id, recipient }: DeliveryOrder): Place => {
  const at = recipient.lastIndexOf("@")
  const message = store.path(MessageNumber.mess(id, store.split))
  return { box: recipient.slice(0, at), domain: recipient.slice(at + 1), message }
}

export type LocalServices = LocalAgent.Services | QueueStore | UserDatabase

export const deliverLocal = Effect.fnUntraced(function* (order: DeliveryOrder) {
  const store = yield* QueueStore
  const { box, domain, message } = placeOf(store, order)
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
    sender: order.sender,
    defaultDelivery,
    message,
    beforeProgram: () => store.pin(order.id)
  })
  return SpawnReport.ofLocal({ _tag: "Exited", exitCode }, SpawnReport.cutLocal(output))
})

/** Instructions of accounts without a .qmail file. */
const defaultDelivery = "./Maildir/"

const deliverRemote = ({ recipient, sender }: DeliveryOrder, { domain, message }: Place, settings: RemoteSettings) =>
  Effect.map(
    RemoteAgent.deliver({ host: domain, sender, recipients: [recipient], message }, settings),
    (output): Report => SpawnReport.ofRemote({ _tag: "Exited", exitCode: 0 }, output)
  )
