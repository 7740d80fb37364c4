/**
 * Which relay takes mail for this host instead of its MX?
 *
 * control/smtproutes is asked for the host, for each of its endings that begin with a dot, and for the empty name; the
 * first hit stops. `relay:port`, where a missing number is port 0 as in qmail; an empty relay means the MX after all.
 *
 * From: qmail-remote.c, main(). An address in brackets may be an IPv6 one outside classic homes.
 */
import { type ByteString } from "../Bytes.ts"
import * as Domain from "../address/Domain.ts"
import type { ControlMap } from "../control/ControlMap.ts"

export interface Route {
  /** The host to connect to, or the domain whose MX are. */
  readonly host: ByteString
  readonly port: number
  readonly relay: boolean
}

export const find = (routes: ControlMap, host: ByteString, classic: boolean): Route => {
  for (const key of [...Domain.suffixes(host), ""]) {
    const value = routes.find(key)
    if (value === "") break
    if (value !== undefined) return { ...parse(value, classic), relay: true }
  }
  return { host, port: smtpPort, relay: false }
}

const parse = (value: ByteString, classic: boolean): Omit<Route, "relay"> => {
  const bracket = classic ? -1 : (/^\[[^\]]*\]/.exec(value)?.[0].length ?? -1)
  const colon = value.indexOf(":", Math.max(bracket, 0))
  return colon < 0
    ? { host: value, port: smtpPort }
    : { host: value.slice(0, colon), port: portOf(value.slice(colon + 1)) }
}

/** A port has 16 bits; what is above them never reached the network. */
const portOf = (text: ByteString): number => {
  let port = 0
  for (const digit of /^[0-9]*/.exec(text)![0]) port = (port * 10 + Number(digit)) & 0xffff
  return port
}

const smtpPort = 25
