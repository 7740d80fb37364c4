/** Gathers the rules that act on control files as they are, for reports that explain them. */
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { split } from "../../core/address/Address.ts"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import * as Cdb from "../../core/control/Cdb.ts"
import * as ControlFile from "../../core/control/ControlFile.ts"
import * as ControlMap from "../../core/control/ControlMap.ts"
import type { ControlMeaning } from "../../core/control/ControlMeaning.ts"
import { integerOr, lineOr, settings } from "../../core/control/Settings.ts"
import * as RcptHosts from "../../core/relay/RcptHosts.ts"
import * as RelayDoubts from "../../core/relay/RelayDoubts.ts"
import * as RelayClients from "../../core/relay/RelayClients.ts"
import * as RecipientRoute from "../../core/route/RecipientRoute.ts"
import * as RouteDoubts from "../../core/route/RouteDoubts.ts"
import * as SmtpRoutes from "../../core/remote/SmtpRoutes.ts"
import * as SmtpPolicy from "../../core/intake/SmtpPolicy.ts"

/** `content`: of a file in control/; undefined: there is none. */
export const of = (content: (name: string) => ByteString | undefined, classic: boolean): ControlMeaning => {
  const list = (name: string) => {
    const text = content(name)
    return text === undefined ? undefined : ControlFile.list(text)
  }
  const line = (name: string) => {
    const text = content(name)
    return text === undefined ? undefined : ControlFile.line(text)
  }
  const me = line("me")
  const locals = list("locals") ?? (me === undefined ? [] : [me])
  const openrelay = ControlFile.integer(content("openrelay") ?? "")
  const database = content(settings.morercpthostsCdb.name)
  const more = database === undefined ? undefined : toChunk(database)
  const rcptHosts = SmtpPolicy.rcptHosts({
    classic,
    me,
    rcpthosts: list("rcpthosts"),
    more: (key) =>
      more !== undefined &&
      Result.match(Cdb.find(more, key), { onFailure: () => undefined, onSuccess: (data) => data !== undefined }),
    locals,
    virtualdomains: list("virtualdomains"),
    openrelay: integerOr(
      settings.openrelay,
      Result.isSuccess(openrelay) ? Option.getOrUndefined(openrelay.success) : undefined,
      classic
    )
  })
  const rules: RecipientRoute.Rules = {
    locals: ControlMap.setOf(locals),
    virtualdomains: ControlMap.mapOf(list("virtualdomains") ?? []),
    percenthack: ControlMap.setOf(list("percenthack") ?? []),
    envnoathost: lineOr(settings.envnoathost, line("envnoathost"), me)!
  }
  const smtproutes = ControlMap.mapOf(list("smtproutes") ?? [])
  const relays: RelayDoubts.Facts = {
    rcptHosts,
    relayClients: Result.getOrElse(RelayClients.parse(list("relayclients") ?? []), () => [])
  }
  return {
    accepts: (recipient) => RcptHosts.allows(rcptHosts, recipient),
    route: (recipient) => {
      const { address, channel } = RecipientRoute.route(rules, recipient)
      if (channel === "local") return { to: "local", address }
      const host = split(address)?.domain ?? ""
      return { to: SmtpRoutes.find(smtproutes, host, classic).relay ? "relay" : "mx", address }
    },
    doubt: (name, entry) =>
      RelayDoubts.doubt(relays, name, entry) ?? RouteDoubts.doubt({ rules, smtproutes, classic }, name, entry)
  }
}
