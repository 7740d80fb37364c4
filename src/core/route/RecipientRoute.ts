/**
 * Which channel does this recipient take, and under which address?
 *
 * First the percent hack, then locals, then virtualdomains; what none of them knows is remote. A recipient is
 * rewritten once, when its message is preprocessed: later changes of the control files do not touch it.
 *
 * From: qmail-send.c, rewrite() and stripvdomprepend().
 */
import { type Address, split, untilNul } from "../address/Address.ts"
import * as Domain from "../address/Domain.ts"
import type { ByteString } from "../Bytes.ts"
import type { ControlMap, ControlSet } from "../control/ControlMap.ts"
import type { Channel } from "./Channel.ts"

export interface Rules {
  readonly locals: ControlSet
  readonly virtualdomains: ControlMap
  readonly percenthack: ControlSet
  /** The host of recipients without one. */
  readonly envnoathost: ByteString
}

export interface Route {
  readonly channel: Channel
  readonly address: Address
}

export const route = (rules: Rules, recipient: Address): Route => {
  const address = withoutPercent(
    rules,
    recipient.includes("@") ? recipient : untilNul(`${recipient}@${rules.envnoathost}`)
  )
  const domain = address.slice(address.lastIndexOf("@") + 1)
  if (rules.locals.has(domain)) return { channel: "local", address }
  const prepend = firstHit(rules.virtualdomains, [address, ...domainKeys(domain)])
  // The hyphen is always a hyphen, whatever conf-break says.
  return prepend === undefined || prepend === ""
    ? { channel: "remote", address }
    : { channel: "local", address: `${prepend}-${address}` }
}

/** The address as the sender knows it. Entries of the form user@domain are not undone: neither did the original. */
export const withoutPrepend = (virtualdomains: ControlMap, recipient: Address): Address => {
  const domain = split(recipient)?.domain
  const prepend = domain === undefined ? undefined : firstHit(virtualdomains, domainKeys(domain))
  return prepend !== undefined && prepend !== "" && recipient.startsWith(`${prepend}-`)
    ? recipient.slice(prepend.length + 1)
    : recipient
}

/** `a%b@c` becomes `a@b` if c is in percenthack, again and again. */
const withoutPercent = (rules: Rules, given: Address): Address => {
  let address = given
  for (;;) {
    const at = address.lastIndexOf("@")
    if (!rules.percenthack.has(address.slice(at + 1))) return address
    const percent = at === 0 ? -1 : address.lastIndexOf("%", at - 1)
    if (percent < 0) return address
    address = `${address.slice(0, percent)}@${address.slice(percent + 1, at)}`
  }
}

const domainKeys = (domain: ByteString): ReadonlyArray<ByteString> => [...Domain.suffixes(domain), ""]

/** An empty value is a hit too: an exception from the entries behind it. */
const firstHit = (map: ControlMap, keys: ReadonlyArray<ByteString>): ByteString | undefined => {
  for (const key of keys) {
    const value = map.find(key)
    if (value !== undefined) return value
  }
  return undefined
}
