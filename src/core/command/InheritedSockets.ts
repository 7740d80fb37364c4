/**
 * Which listening sockets did whoever started this process hand to it?
 *
 * Descriptors from 3 on, as many as LISTEN_FDS says, and only if LISTEN_PID means this very process: the variables may
 * have been inherited by way of another one. (sd_listen_fds(3))
 */
import { type ByteString, isDigits } from "../Bytes.ts"
import type { Inherited } from "./Endpoint.ts"

export const inherited = (
  environment: Readonly<Record<ByteString, ByteString>>,
  pid: number
): ReadonlyArray<Inherited> => {
  const count = environment["LISTEN_FDS"] ?? ""
  if (environment["LISTEN_PID"] !== `${pid}` || !isDigits(count) || Number(count) > countMax) return []
  return Array.from({ length: Number(count) }, (_, i) => ({ descriptor: firstDescriptor + i }))
}

const firstDescriptor = 3
/** No service has more; a number beyond is a mistake. */
const countMax = 1000
