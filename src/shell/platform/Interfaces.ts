/** The IP addresses of this host's network interfaces, as they are now. */
import * as Effect from "effect/Effect"
import * as os from "node:os"
import * as IpAddress from "../../core/address/IpAddress.ts"
import type { ByteString } from "../../core/Bytes.ts"

export const addresses: Effect.Effect<ReadonlyArray<IpAddress.IpAddress>> = Effect.sync(() =>
  Object.values(os.networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .map(({ address }) => IpAddress.parse(address))
    .filter((ip) => ip !== undefined)
)

/** As node's sockets want it: of an interface they know only the name. */
export const hostOf = (address: IpAddress.IpAddress, zone: ByteString | undefined): string =>
  zone === undefined ? IpAddress.format(address) : `${IpAddress.format(address)}%${nameOf(zone)}`

/** Of the interface with this number. What is no number of an interface is left to the system to refuse. */
const nameOf = (zone: ByteString): string =>
  Object.entries(os.networkInterfaces()).find(([, entries]) =>
    entries?.some((entry) => entry.family === "IPv6" && entry.scopeid !== 0 && `${entry.scopeid}` === zone)
  )?.[0] ?? zone
