import { assert, describe, it } from "@effect/vitest"
import * as IpAddress from "../../../src/core/address/IpAddress.ts"
import * as ResolverSettings from "../../../src/core/dns/ResolverSettings.ts"

const text = ({ address, port, zone }: ResolverSettings.Server) =>
  `${IpAddress.format(address)}${zone === undefined ? "" : `%${zone}`} ${port}`

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

  it("asks three servers at most, and those that are none do not count", () => {
    assert.lengthOf(ResolverSettings.parse("nameserver 192.0.2.1\n".repeat(9)).servers, 3)
    assert.deepStrictEqual(
      ResolverSettings.parse(
        "nameserver x\nnameserver 1.1.1.1\nnameserver y\nnameserver 2.2.2.2\nnameserver ::3\nnameserver ::4"
      ).servers.map(text),
      ["1.1.1.1 53", "2.2.2.2 53", "::3 53"]
    )
  })

  for (const [what, line, server] of [
    ["a link-local address with an interface", "nameserver fe80::1%lo", "fe80::1%lo 53"],
    ["with the number of one", "nameserver FE80::1%2", "fe80::1%2 53"],
    ["with a longer name", "nameserver febf:ffff::1%wg-home.7", "febf:ffff::1%wg-home.7 53"],
    ["a link-local address without an interface", "nameserver fe80::1", "fe80::1 53"],
    ["an empty interface", "nameserver fe80::1%", "fe80::1 53"],
    ["link-local multicast", "nameserver ff02::fb%eth0", "ff02::fb%eth0 53"],
    ["an interface where it means nothing", "nameserver 2001:db8::1%eth0", "2001:db8::1 53"],
    ["an interface of an IPv4 address", "nameserver 192.0.2.1%eth0", undefined],
    ["IPv4 in IPv6 form", "nameserver ::ffff:192.0.2.1", "192.0.2.1 53"],
    ["two numbers", "nameserver 127.1", "127.0.0.1 53"],
    ["octal and hexadecimal numbers", "nameserver 010.0x0a.1", "8.10.0.1 53"],
    ["one number", "nameserver 2130706433", "127.0.0.1 53"],
    ["a number that is too large", "nameserver 192.0.2.256", undefined],
    ["five numbers", "nameserver 1.2.3.4.5", undefined],
    ["no number", "nameserver 1..2", undefined],
    ["a port, which the file cannot name", "nameserver 192.0.2.1:5353", undefined],
    ["blanks and tabs", "nameserver \t 192.0.2.1\t ", "192.0.2.1 53"],
    ["the line end of a foreign system", "nameserver 192.0.2.1\r", "192.0.2.1 53"],
    ["something behind it", "nameserver 192.0.2.1 192.0.2.2", "192.0.2.1 53"],
    ["a comment behind it", "nameserver 192.0.2.1;x", "192.0.2.1 53"],
    ["a comment", "#nameserver 192.0.2.1", undefined],
    ["another comment", ";nameserver 192.0.2.1", undefined],
    ["a keyword that does not stand at the start", " nameserver 192.0.2.1", undefined],
    ["a longer keyword", "nameservers 192.0.2.1", undefined],
    ["no address", "nameserver", undefined]
  ] as const)
    it(`${what}: ${JSON.stringify(line)}`, () => {
      for (const content of [line, `${line}\n`, `options rotate\n${line}\nsearch x`])
        assert.deepStrictEqual(ResolverSettings.parse(content).servers.map(text), [server ?? "127.0.0.1 53"])
    })

  for (const [words, numbers] of [
    ["", [5, 2, 1]],
    ["timeout:1 attempts:1 ndots:0", [1, 1, 0]],
    ["timeout:0 attempts:0", [1, 1, 1]],
    ["timeout:99 attempts:99 ndots:99", [30, 5, 15]],
    ["timeout:7x attempts:", [7, 2, 1]],
    ["timeout: timeout:-1 timeout", [5, 2, 1]],
    ["timeout:3 timeout:4", [4, 2, 1]]
  ] as const)
    it(`options ${words}`, () => {
      for (const settings of [
        ResolverSettings.parse(`options ${words}\r\n`),
        ResolverSettings.parse(
          words
            .split(" ")
            .map((word) => `options\t${word}\n`)
            .join("")
        ),
        ResolverSettings.parse("options timeout:9 attempts:4", { options: `timeout:5 attempts:2\tndots:1 ${words}` })
      ])
        assert.deepStrictEqual([settings.timeout, settings.attempts, settings.ndots], numbers as never)
    })

  it("knows what is on or off, whether the file or RES_OPTIONS says it", () => {
    const on = (content: string, options?: string) => [...ResolverSettings.parse(content, { options }).options].sort()
    assert.deepStrictEqual(
      on("options rotate use-vc\noptions edns0", "no-aaaa single-request no-reload no-tld-query"),
      ["edns0", "no-aaaa", "no-reload", "no-tld-query", "rotate", "single-request", "use-vc"]
    )
    assert.deepStrictEqual(on("options single-request-reopen no_tld_query"), ["no-tld-query", "single-request"])
    assert.deepStrictEqual(on("options inet6 trust-ad debug no-check-names insecure1 rotated Rotate # rotate"), [])
    assert.deepStrictEqual(on("#options rotate\n options rotate"), [])
  })

  for (const [what, content, surroundings, search] of [
    ["the domain of this host", "", { hostName: "mail.a.example" }, ["a.example"]],
    ["none, if the host's name has no dot", "", { hostName: "mail" }, []],
    ["the last of domain and search", "search a b\ndomain c d", { hostName: "h.x" }, ["c"]],
    ["the last of search and domain", "domain c\nsearch a\tb\n", { hostName: "h.x" }, ["a", "b"]],
    ["not an empty one", "search a\nsearch\ndomain \n", { hostName: "h.x" }, ["a"]],
    ["more than six", "search a b c d e f g h", {}, ["a", "b", "c", "d", "e", "f", "g", "h"]],
    ["LOCALDOMAIN", "search a", { localDomain: " b  c\nd", hostName: "h.x" }, ["b", "c"]],
    ["an empty LOCALDOMAIN", "search a", { localDomain: "", hostName: "h.x" }, []]
  ] as const)
    it(`the search list is ${what}`, () =>
      assert.deepStrictEqual(ResolverSettings.parse(content, surroundings).search, search as never))
})

describe("ResolverSettings.candidates", () => {
  const names = (host: string, content: string) => ResolverSettings.candidates(ResolverSettings.parse(content), host)
  for (const [host, content, expected] of [
    ["www", "search a b", ["www.a", "www.b", "www"]],
    ["www.x", "search a b", ["www.x", "www.x.a", "www.x.b"]],
    ["www.x", "search a\noptions ndots:2", ["www.x.a", "www.x"]],
    ["www", "search a\noptions ndots:0", ["www", "www.a"]],
    ["www.", "search a", ["www."]],
    ["www", "", ["www"]],
    ["www", "search a\noptions no-tld-query", ["www.a"]],
    ["www", "options no-tld-query", ["www"]],
    ["www.x", "search a\noptions no-tld-query", ["www.x", "www.x.a"]],
    ["www", "search .", ["www", "www"]]
  ] as const)
    it(`${host} with ${JSON.stringify(content)}`, () => assert.deepStrictEqual(names(host, content), expected as never))
})

describe("ResolverSettings.inOrder", () => {
  const order = (content: string, question: number) =>
    ResolverSettings.inOrder(ResolverSettings.parse(content), question).map(text).join(" ")
  const three = "nameserver ::1\nnameserver ::2\nnameserver ::3\n"
  it("is that of the file", () => assert.strictEqual(order(three, 1), "::1 53 ::2 53 ::3 53"))
  it("begins with the next one each time, if it shall rotate", () =>
    assert.deepStrictEqual(
      [0, 1, 2, 3].map((question) => order(`${three}options rotate`, question)),
      ["::1 53 ::2 53 ::3 53", "::2 53 ::3 53 ::1 53", "::3 53 ::1 53 ::2 53", "::1 53 ::2 53 ::3 53"]
    ))
  it("of one is that one", () => assert.strictEqual(order("options rotate", 7), "127.0.0.1 53"))
})

describe("ResolverSettings.parseServers", () => {
  it("reads ports", () =>
    assert.deepStrictEqual(
      ResolverSettings.parseServers("127.0.0.1:5353, 192.0.2.1 2001:db8::1 ::1#54 x 1.2.3.4:99999").map(text),
      ["127.0.0.1 5353", "192.0.2.1 53", "2001:db8::1 53", "::1 54"]
    ))
  it("reads interfaces of link-local addresses", () =>
    assert.deepStrictEqual(ResolverSettings.parseServers("fe80::1%lo#5353 fe80::2%2,fe80::3 ::1%lo#54").map(text), [
      "fe80::1%lo 5353",
      "fe80::2%2 53",
      "fe80::3 53",
      "::1 54"
    ]))
})
