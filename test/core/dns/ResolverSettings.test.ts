import { assert, describe, it } from "@effect/vitest"
import * as IpAddress from "../../../src/core/address/IpAddress.ts"
import * as ResolverSettings from "../../../src/core/dns/ResolverSettings.ts"

const text = ({ address, port }: ResolverSettings.Server) => `${IpAddress.format(address)} ${port}`

describe("ResolverSettings.parse", () => {
  it("asks this host if nothing is said", () => {
    const settings = ResolverSettings.parse("")
    assert.deepStrictEqual(settings.servers.map(text), ["127.0.0.1 53"])
    assert.deepStrictEqual([settings.timeout, settings.attempts, settings.search], [5, 2, []])
  })

  it("reads servers, search list and options, and skips the rest", () => {
    const settings = ResolverSettings.parse(
      "# comment\n; another\nnameserver 192.0.2.1\nnameserver\t2001:db8::1 # ours\nnameserver nonsense\n" +
        "sortlist 1\ndomain a.example\nsearch b.example  c.example\noptions ndots:2 timeout:3 attempts:99\n"
    )
    assert.deepStrictEqual(settings.servers.map(text), ["192.0.2.1 53", "2001:db8::1 53"])
    assert.deepStrictEqual(settings.search, ["b.example", "c.example"])
    assert.deepStrictEqual([settings.timeout, settings.attempts], [3, 5])
  })

  it("asks three servers at most", () =>
    assert.lengthOf(ResolverSettings.parse("nameserver 192.0.2.1\n".repeat(9)).servers, 3))
})

describe("ResolverSettings.parseServers", () => {
  it("reads ports", () =>
    assert.deepStrictEqual(
      ResolverSettings.parseServers("127.0.0.1:5353, 192.0.2.1 2001:db8::1 ::1#54 x 1.2.3.4:99999").map(text),
      ["127.0.0.1 5353", "192.0.2.1 53", "2001:db8::1 53", "::1 54"]
    ))
})
