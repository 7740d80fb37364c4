import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as RcptHosts from "../../../src/core/relay/RcptHosts.ts"
import * as RelayClients from "../../../src/core/relay/RelayClients.ts"
import * as RelayDoubts from "../../../src/core/relay/RelayDoubts.ts"

const clients = ["127.", "192.0.2.0/24", "192.0.2.9:@fix", "0.0.0.0/0", "2000::/3"]
const facts: RelayDoubts.Facts = {
  rcptHosts: RcptHosts.from({
    rcpthosts: ["a.example", ".a.example", "b.example.", "x@c.example"],
    more: (key) => key === "more.example",
    me: undefined,
    locals: [],
    virtualdomains: [],
    openWithoutList: false,
    starIsEverything: true
  }),
  relayClients: Result.getOrThrow(RelayClients.parse(clients))
}

describe("RelayDoubts.doubt", () => {
  for (const [list, entry, doubt] of [
    ["rcpthosts", "a.example", undefined],
    ["rcpthosts", ".a.example", undefined],
    ["rcpthosts", "b.example.", "does not let in mail to b.example"],
    ["rcpthosts", "x@c.example", "does not let in mail to c.example"],
    ["morercpthosts", "more.example", undefined],
    ["morercpthosts", "lost.example", "does not let in mail to lost.example"],
    ["badmailfrom", "joe@a.example", undefined],
    ["badmailfrom", "JOE@A.example", undefined],
    ["badmailfrom", "@a.example", undefined],
    ["badmailfrom", "*@a.example", "does not refuse any@a.example"],
    ["badmailfrom", "<a@b>", "does not refuse a@b"],
    ["badmailfrom", "<@b>", "does not refuse anyone@b"],
    ["badmailfrom", '"a"@b', "does not refuse a@b"],
    ["badmailfrom", "@.a.example", "does not refuse anyone@any.a.example"],
    ["badmailfrom", "a.example", "does not refuse anyone@a.example"],
    ["badmailfrom", "joe", "does not refuse joe@stranger.invalid"],
    ["relayclients", "127.", undefined],
    ["relayclients", "192.0.2.0/24", undefined],
    ["relayclients", "192.0.2.9:@fix", "has no effect: a line before it holds the same addresses"],
    ["relayclients", "0.0.0.0/0", "lets anyone relay"],
    ["relayclients", "2000::/3", "lets anyone relay"],
    ["relayclients", "64.0.0.0/2", "lets strangers relay, 64.1.1.1 and 126.1.1.1 among them"],
    ["relayclients", "localnet", "is no address and no network"],
    ["locals", "*", undefined]
  ] as const)
    it(`${list}: ${entry} ${doubt ?? "does what it says"}`, () =>
      assert.strictEqual(RelayDoubts.doubt(facts, list, entry), doubt))
})
