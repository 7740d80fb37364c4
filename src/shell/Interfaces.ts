/** The IP addresses of this host's network interfaces, as they are now. */
import * as Effect from "effect/Effect"
import * as os from "node:os"
import * as IpAddress from "../core/address/IpAddress.ts"

export const addresses: Effect.Effect<ReadonlyArray<IpAddress.IpAddress>> = Effect.sync(() =>
  Object.values(os.networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .map(({ address }) => IpAddress.parse(address))
    .filter((ip) => ip !== undefined)
)
