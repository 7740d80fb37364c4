import { assert, describe, it } from "@effect/vitest"
import * as IpAddress from "../../../src/core/address/IpAddress.ts"
import * as Getopt from "../../../src/core/command/Getopt.ts"
import * as ProgramPath from "../../../src/core/command/ProgramPath.ts"
import * as Ident from "../../../src/core/peer/Ident.ts"
import * as SocketTable from "../../../src/core/peer/SocketTable.ts"
import * as TcpEnvironment from "../../../src/core/peer/TcpEnvironment.ts"

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0 100 0 0 10 0
   1: 0100007F:0019 0700A8C0:D431 01 00000000:00000000 00:00000000 00000000     0        0 22 1 0 20 4 30 10 -1
   2: B80D0120000000000000000001000000:0019 B80D0120000000000000000002000000:0400 01 0:0 0:0 0 0 0 33 1 0 20
   3: 0000000000000000FFFF00000100007F:0019 0000000000000000FFFF00000200007F:0400 01 0:0 0:0 0 0 0 44 1 0 20
`

describe("SocketTable", () => {
  for (const [inode, local, remote] of [
    ["22", "127.0.0.1 25", "192.168.0.7 54321"],
    ["33", "2001:db8::1 25", "2001:db8::2 1024"],
    ["44", "127.0.0.1 25", "127.0.0.2 1024"]
  ] as const)
    it(`socket ${inode} joins ${local} and ${remote}`, () => {
      const pair = SocketTable.find(table, inode)!
      assert.strictEqual(`${IpAddress.format(pair.local.ip)} ${pair.local.port}`, local)
      assert.strictEqual(`${IpAddress.format(pair.remote.ip)} ${pair.remote.port}`, remote)
    })

  it("a listening socket has nobody at its other end, and not every inode is there", () => {
    assert.isUndefined(SocketTable.find(table, "11"))
    assert.isUndefined(SocketTable.find(table, "99"))
  })

  it("only sockets have a place in it", () => {
    assert.strictEqual(SocketTable.inodeOf("socket:[4711]"), "4711")
    for (const link of ["/dev/null", "pipe:[4711]", "socket:[]"]) assert.isUndefined(SocketTable.inodeOf(link))
  })
})

const pair = SocketTable.find(table, "22")!

describe("Ident [W119]", () => {
  it("asks about the two ports", () => assert.strictEqual(Ident.request(pair), "54321 , 25\r\n"))

  for (const [answer, text] of [
    ["54321 , 25 : USERID : UNIX : joe\r\n", "joe"],
    ["54321,25:USERID:UNIX: j o e\tx\r\n", "joex"],
    ["54321,25:USERID:UNIX:a:b\r\n", "a:b"],
    ["54321,25:ERROR:NO-USER\r\n", ""],
    [`1,2:USERID:UNIX:${"x".repeat(2000)}`, "x".repeat(998)]
  ] as const)
    it(`${answer.slice(0, 40).trim()} names ${text.slice(0, 10) || "nobody"}, however it is cut`, () => {
      assert.deepInclude(Ident.feed(Ident.noReply, answer), { text, isComplete: true })
      let reply = Ident.noReply
      for (const c of answer) if (!reply.isComplete) reply = Ident.feed(reply, c)
      assert.deepInclude(reply, { text, isComplete: true })
    })

  it("an answer that breaks off is none", () =>
    assert.isFalse(Ident.feed(Ident.noReply, "1,2:USERID:UNIX:jo").isComplete))
})

describe("TcpEnvironment", () => {
  const nameless = { _tag: "Nameless" } as const
  const facts: TcpEnvironment.Facts = { pair, localHost: nameless, remoteHost: nameless, remoteInfo: undefined }

  it("tells what is known, and takes back what was said before", () =>
    assert.deepStrictEqual(
      TcpEnvironment.environment(
        { HOME: "/", TCPREMOTEHOST: "liar", TCPREMOTEINFO: "old" },
        { ...facts, localHost: { _tag: "Named", name: "MX.Example" } }
      ),
      {
        HOME: "/",
        PROTO: "TCP",
        TCPLOCALHOST: "mx.example",
        TCPLOCALIP: "127.0.0.1",
        TCPLOCALPORT: "25",
        TCPREMOTEIP: "192.168.0.7",
        TCPREMOTEPORT: "54321"
      }
    ))

  it("says that the DNS did not answer", () =>
    assert.strictEqual(
      TcpEnvironment.environment({}, { ...facts, remoteHost: { _tag: "Unknown" } })["TCPREMOTEHOST"],
      "softdnserror"
    ))

  const named = { _tag: "Named", name: "c.example" } as const
  for (const [title, addresses, host] of [
    ["leads back", ["192.0.2.9", "192.168.0.7"], named],
    ["leads elsewhere", ["192.0.2.9"], nameless],
    ["leads nowhere", [], nameless],
    ["cannot be asked for now", undefined, { _tag: "Unknown" }]
  ] as const)
    it(`-p: a name that ${title} [W12]`, () =>
      assert.deepStrictEqual(
        TcpEnvironment.confirmed(
          named,
          pair.remote.ip,
          addresses?.map((text) => IpAddress.parse(text)!)
        ),
        host
      ))

  it("letters that mean nothing do not stop the reading of options", () => {
    const { complaint, rest } = Getopt.scan(TcpEnvironment.letters, ["-a@-\xff", "-t5", "-z", "sh"])
    assert.deepStrictEqual([complaint, rest], [undefined, ["sh"]])
  })
  it("the last of two letters counts, unknown ones do not", () =>
    assert.deepStrictEqual(
      TcpEnvironment.options([
        { letter: "R", value: "" },
        { letter: "r", value: "" },
        { letter: "p", value: "" },
        { letter: "t", value: "5" },
        { letter: "z", value: "" }
      ]),
      { asksIdent: true, confirmsName: true, identSeconds: 5 }
    ))
})

describe("ProgramPath.candidates", () => {
  for (const [program, path, candidates] of [
    ["sh", "/bin:/usr/bin", ["/bin/sh", "/usr/bin/sh"]],
    ["sh", "/bin::x", ["/bin/sh", "/w/sh", "/w/x/sh"]],
    ["sh", undefined, ["/bin/sh", "/usr/bin/sh"]],
    ["./sh", "/bin", ["/w/./sh"]],
    ["/bin/sh", "/x", ["/bin/sh"]],
    ["", "/bin", []]
  ] as const)
    it(`${JSON.stringify(program)} in ${path}`, () =>
      assert.deepStrictEqual(ProgramPath.candidates(program, path, "/w"), candidates))
})
