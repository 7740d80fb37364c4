/** Asks the DNS for the hosts that take mail for a domain, and for their addresses. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as MailHosts from "../../core/remote/MailHosts.ts"
import type { Route } from "../../core/remote/SmtpRoutes.ts"
import { Identity } from "../platform/Identity.ts"
import { Resolver } from "../platform/Resolver.ts"
import { Sockets } from "../platform/Sockets.ts"

/** Undefined: nobody could say which hosts there are. */
export const find = Effect.fnUntraced(function* (
  { host, relay }: Pick<Route, "host" | "relay">,
  reach: MailHosts.Reach
): Effect.fn.Return<MailHosts.Found | undefined, never, Resolver | Sockets | Identity> {
  const resolver = yield* Resolver
  const sockets = yield* Sockets
  const { pid } = yield* Identity
  const millis = yield* Clock.currentTimeMillis
  const chance = Math.floor(millis / 1000) + pid * 65536
  const named =
    relay || MailHosts.known(host, reach) !== undefined
      ? MailHosts.direct(host)
      : MailHosts.targets(host, yield* resolver.mx(host), chance)
  if (named === undefined) return undefined
  const lookups = yield* Effect.forEach(named.targets, (target) => lookUp(resolver, target, reach), {
    concurrency: lookupsAtOnce
  })
  return { domain: host, direct: named.direct, lookups, relay, ours: relay ? [] : yield* sockets.ownAddresses }
})

const lookUp = (
  resolver: Resolver["Service"],
  target: MailHosts.Target,
  reach: MailHosts.Reach
): Effect.Effect<MailHosts.Lookup> => {
  const known = MailHosts.known(target.host, reach)
  if (known !== undefined) return Effect.succeed({ target, answers: [{ _tag: "Records", records: known }] })
  return Effect.map(
    Effect.forEach(MailHosts.families(target, reach), (type) => resolver.addresses(target.host, type), {
      concurrency: 2
    }),
    (answers) => ({ target, answers })
  )
}

/** Of one delivery: 500 MX records shall not mean 500 open sockets. */
const lookupsAtOnce = 10
