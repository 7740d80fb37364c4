/** The programs hostname and ipmeprint: who this host is. */
import * as Effect from "effect/Effect"
import * as IpAddress from "../../core/address/IpAddress.ts"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import { exitSuccess } from "../../core/Outcome.ts"
import { Files } from "../platform/Files.ts"
import { Identity } from "../platform/Identity.ts"
import * as Interfaces from "../platform/Interfaces.ts"

export const hostname = Effect.flatMap(Identity, ({ hostName }) => print([hostName.slice(0, 255)])).pipe(
  Effect.provide(Identity.layer)
)

/** The IPv4 addresses that count as ours: 0.0.0.0 first, then those of the interfaces. (ipme.c) */
export const addressLines = Effect.map(Interfaces.addresses, (found) => [
  "0.0.0.0",
  ...found.filter(IpAddress.isV4).map(IpAddress.format)
])

export const addresses = Effect.flatMap(addressLines, (lines) => print(lines))

const print = (lines: ReadonlyArray<ByteString>) =>
  Effect.flatMap(Files, (files) =>
    Effect.as(Effect.ignore(files.write(1, toChunk(lines.map((line) => `${line}\n`).join("")))), exitSuccess)
  ).pipe(Effect.provide(Files.layerSync))
