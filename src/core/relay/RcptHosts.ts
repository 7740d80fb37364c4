/**
 * May a stranger send to this address?
 *
 * As qmail: an address without a domain is ours; otherwise its domain, or a suffix of it that begins with a dot,
 * must be listed in rcpthosts or morercpthosts. Without a list a qmail home accepts everything; one of our own
 * accepts what it delivers itself, so that a fresh installation is no relay.
 *
 * From: rcpthosts.c. Our default: the seed's wish for a safe one (W14).
 */
import type { Address } from "../address/Address.ts"
import { suffixes } from "../address/Domain.ts"
import { type ByteString, lower } from "../Bytes.ts"
import { type ControlMap, type ControlSet, mapOf, setOf } from "../control/ControlMap.ts"

export type RcptHosts =
  | { readonly _tag: "Everything" }
  | { readonly _tag: "Listed"; readonly hosts: ControlSet; readonly more: More }
  | { readonly _tag: "Ours"; readonly locals: ControlSet; readonly virtual: ControlMap }

/** Is the lowered name in morercpthosts.cdb? Undefined: the file is damaged. */
export type More = (key: ByteString) => boolean | undefined

export const everything: RcptHosts = { _tag: "Everything" }

export interface Sources {
  /** Entries of control/rcpthosts; undefined if there is no such file. */
  readonly rcpthosts: ReadonlyArray<ByteString> | undefined
  readonly more: More
  readonly me: ByteString | undefined
  readonly locals: ReadonlyArray<ByteString>
  readonly virtualdomains: ReadonlyArray<ByteString>
  /** control/openrelay is 1, or the home is a qmail home: without rcpthosts anyone may relay. */
  readonly openWithoutList: boolean
  /** The single entry `*` lists everything. */
  readonly starIsEverything: boolean
}

export const from = (sources: Sources): RcptHosts => {
  const { me, more, rcpthosts } = sources
  if (rcpthosts !== undefined)
    return sources.starIsEverything && rcpthosts.length === 1 && rcpthosts[0] === "*"
      ? everything
      : { _tag: "Listed", hosts: setOf(rcpthosts), more }
  if (sources.openWithoutList) return everything
  return {
    _tag: "Ours",
    locals: setOf(me === undefined ? sources.locals : [...sources.locals, me]),
    virtual: mapOf(sources.virtualdomains)
  }
}

/** Undefined: nobody can say, so he is neither let in nor sent away for good. */
export const allows = (list: RcptHosts, address: Address): boolean | undefined => {
  const at = address.lastIndexOf("@")
  if (at < 0) return true
  const domain = lower(address.slice(at + 1))
  if (list._tag === "Everything") return true
  // An entry that is empty, as an empty control/me makes one, is no domain of ours. (rcpthosts.c looks for none.)
  if (domain === "") return false
  switch (list._tag) {
    case "Listed": {
      const keys = suffixes(domain)
      if (keys.some(list.hosts.has)) return true
      for (const key of keys) {
        const isListed = list.more(key)
        if (isListed !== false) return isListed
      }
      return false
    }
    case "Ours":
      return list.locals.has(domain) || isVirtual(list.virtual, address, domain)
  }
}

/**
 * The first entry in virtualdomains' own order decides; an empty prepend is an exception, which is remote. The entry
 * for every domain (`:prepend`) is not looked at: it would accept mail for the whole world.
 */
const isVirtual = (virtual: ControlMap, address: Address, domain: ByteString): boolean => {
  for (const key of [address, ...suffixes(domain)]) {
    const prepend = virtual.find(key)
    if (prepend !== undefined && key !== "") return prepend !== ""
  }
  return false
}
