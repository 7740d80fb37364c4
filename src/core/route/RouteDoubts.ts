/**
 * Does this entry of locals, virtualdomains, percenthack or smtproutes do what it seems to say?
 *
 * The rules themselves are asked, with addresses that the entry seems to mean.
 */
import type { ByteString } from "../Bytes.ts"
import { hostMeant, stranger } from "../control/ControlMeaning.ts"
import { type ControlMap, mapOf } from "../control/ControlMap.ts"
import * as RecipientRoute from "./RecipientRoute.ts"
import * as SmtpRoutes from "../remote/SmtpRoutes.ts"

export interface Facts {
  readonly rules: RecipientRoute.Rules
  readonly smtproutes: ControlMap
  readonly classic: boolean
}

/** Undefined: it does. What another line of the same file changes is not looked at. */
export const doubt = (facts: Facts, list: string, entry: ByteString): string | undefined => {
  switch (list) {
    case "locals":
      return ofLocal(facts, entry)
    case "virtualdomains":
      return ofVirtual(facts, entry)
    case "percenthack":
      return ofPercent(facts, entry)
    case "smtproutes":
      return ofRoute(facts, entry)
    default:
      return undefined
  }
}

const ofLocal = ({ rules }: Facts, entry: ByteString): string | undefined => {
  const host = hostMeant(entry)
  return RecipientRoute.route(rules, `anyone@${host}`).channel === "local"
    ? undefined
    : `does not make mail to ${host} local`
}

const ofVirtual = ({ rules }: Facts, entry: ByteString): string | undefined => {
  const colon = entry.indexOf(":")
  if (colon < 0) return "has no colon and is ignored"
  const key = entry.slice(0, colon)
  const prepend = entry.slice(colon + 1)
  const sample = key.includes("@") ? key : `anyone@${key === "" ? stranger : hostMeant(key)}`
  const domain = sample.slice(sample.lastIndexOf("@") + 1)
  if (rules.locals.has(domain)) return `has no effect: ${domain} is in control/locals, which wins`
  const alone = { ...rules, virtualdomains: mapOf([entry]) }
  const { address, channel } = RecipientRoute.route(alone, sample)
  const isMeant = prepend === "" ? channel === "remote" : address === `${prepend}-${sample}`
  return isMeant ? undefined : `does not apply to ${sample}`
}

const ofPercent = ({ rules }: Facts, entry: ByteString): string | undefined => {
  const sample = `user%${stranger}@${hostMeant(entry)}`
  return RecipientRoute.route(rules, sample).address.endsWith(`@${stranger}`) ? undefined : `does not rewrite ${sample}`
}

const ofRoute = ({ classic, rules }: Facts, entry: ByteString): string | undefined => {
  const colon = entry.indexOf(":")
  if (colon < 0) return "has no colon and is ignored"
  const key = entry.slice(0, colon)
  const host = key === "" ? stranger : hostMeant(key)
  const found = SmtpRoutes.find(mapOf([entry]), host, classic)
  if (!found.relay) return entry.length === colon + 1 ? undefined : `does not apply to mail for ${host}`
  if (rules.locals.has(host)) return `has no effect: ${host} is in control/locals, which wins`
  if (found.port === 0) return `leads to port 0 of ${found.host}`
  return isHost(found.host) ? undefined : `leads to ${found.host}, which is no host`
}

/** A name, an IPv4 address, or either kind of address in brackets. */
const isHost = (text: ByteString): boolean => /^([A-Za-z0-9_-]+\.)*[A-Za-z0-9_-]+\.?$|^\[[^\]]+\]$/.test(text)
