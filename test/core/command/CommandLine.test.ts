import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as CommandLine from "../../../src/core/command/CommandLine.ts"
import * as Endpoint from "../../../src/core/command/Endpoint.ts"

describe("CommandLine.parse", () => {
  for (const [words, order] of [
    ["", { _tag: "Help" }],
    ["help qmail-send", { _tag: "Help", about: "qmail-send" }],
    ["init --home v --domain localhost", { _tag: "Init", home: "v", domain: "localhost" }],
    ["init --domain=mail.example.org", { _tag: "Init", domain: "mail.example.org" }],
    ["start", { _tag: "Start", listen: [], log: "time", drainSeconds: 30 }],
    ["start --listen fd:3 --drain 5", { _tag: "Start", listen: [{ descriptor: 3 }], log: "time", drainSeconds: 5 }],
    [
      "start --listen 127.0.0.1:2525 --listen [::1]:0 --log qmail --home /h",
      {
        _tag: "Start",
        home: "/h",
        listen: [
          { host: "127.0.0.1", port: 2525 },
          { host: "::1", port: 0 }
        ],
        log: "qmail",
        drainSeconds: 30
      }
    ],
    ["stop --timeout 5", { _tag: "Stop", patienceSeconds: 5 }],
    ["check --json", { _tag: "Check", json: true }],
    ["user add joe --home h", { _tag: "AddUser", home: "h", user: "joe" }],
    ["user add -- -joe", { _tag: "AddUser", user: "-joe" }],
    ["install --make-users", { _tag: "Install", makeUsers: true }]
  ] as const)
    it(`thresher ${words}`, () =>
      assert.deepStrictEqual(
        CommandLine.parse(words.split(" ").filter((word) => word !== "")),
        Result.succeed(order as CommandLine.Order)
      ))

  for (const [words, complaint] of [
    ["fly", "no such command: fly"],
    ["init", "init wants --domain NAME"],
    ["init --domain a..b", "not a domain name: a..b"],
    ["init --domain", "option --domain wants a value"],
    ["init --domain x extra", "unexpected argument: extra"],
    ["start --listen nowhere", "not HOST:PORT or fd:N: nowhere"],
    ["start --listen 1.2.3.4:99999", "not HOST:PORT or fd:N: 1.2.3.4:99999"],
    ["start --log json", "--log is qmail or time, not json"],
    ["start --drain long", "--drain wants seconds, not long"],
    ["start --fast", "unknown option: --fast"],
    ["start -x", "unknown option: -x"],
    ["check --json=yes", "unknown option: --json=yes"],
    ["stop --timeout soon", "--timeout wants seconds, not soon"],
    ["user", "usage: thresher user add USER"],
    ["user remove joe", "usage: thresher user add USER"]
  ] as const)
    it(`thresher ${words}: ${complaint}`, () =>
      assert.deepStrictEqual(CommandLine.parse(words.split(" ")), Result.fail(complaint)))

  it("usage names every command", () => {
    for (const verb of ["init", "start", "stop", "check", "user add", "install", "queue list|", "help"])
      assert.include(CommandLine.usage(), `  ${verb}`)
  })
})

describe("Endpoint", () => {
  for (const text of ["127.0.0.1:25", "[::1]:2525", "localhost:0", ":25", "fd:3"])
    it(`${text} is read and written`, () =>
      assert.strictEqual(Endpoint.formatEndpoint(Endpoint.parseEndpoint(text)!), text))
  it("a port alone is every address", () =>
    assert.deepStrictEqual(Endpoint.parseEndpoint("25"), { host: "", port: 25 }))
  for (const text of ["", "::1:25", "host", "a b:1", "[1.2.3.4:25", "x:70000", "fd:", "fd:-1", "fd:x"])
    it(`"${text}" is no endpoint`, () => assert.strictEqual(Endpoint.parseEndpoint(text), undefined))
})
