import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { resolve } from "node:path"

/**
 * /etc/resolv.conf as it is on hosts: each case in a name space of its own network and its own /etc, with a DNS server
 * at port 53 of the loopback interface, which has a link-local address.
 */

const bin = resolve(import.meta.dirname, "../../dist/bin")

/** Answers that every host has the address 192.0.2.53, and every address is of found.example. */
const dnsServer = `
  const socket = require("node:dgram").createSocket("udp6")
  socket.on("message", (query, from) => {
    const question = query.subarray(12, query.indexOf(0, 12) + 5)
    const head = Buffer.from([query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0])
    const type = question.at(-3)
    if (type === 1 && question.includes("found")) head[7] = 1
    if (type === 12) head[7] = 1
    if (head[7] === 0) head[3] |= 3
    const data = type === 1 ? Buffer.from([192, 0, 2, 53]) : Buffer.from("\\x05found\\x07example\\0")
    const record = Buffer.concat([Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length]), data])
    socket.send(Buffer.concat([head, question, ...(head[7] === 1 ? [record] : [])]), from.port, from.address)
  })
  socket.bind(53, "::", () => console.log("ready"))
`

/** What makes /etc/resolv.conf, and what a program then prints. */
const cases: ReadonlyArray<readonly [title: string, make: string, program: string, printed: string]> = [
  ["a link-local server", "printf 'nameserver fe80::53%%lo\\n' >FILE", "dnsip found.example", "192.0.2.53\n"],
  ["the number of its interface", "printf 'nameserver fe80::53%%1\\n' >FILE", "dnsip found.example", "192.0.2.53\n"],
  ["no line end", "printf 'nameserver fe80::53%%lo' >FILE", "dnsip found.example", "192.0.2.53\n"],
  ["blanks", "printf 'nameserver\\t fe80::53%%lo \\t\\n' >FILE", "dnsip found.example", "192.0.2.53\n"],
  [
    "servers without a way to them",
    "printf 'nameserver 198.51.100.1\\nnameserver fe80::53\\nnameserver ::1\\n' >FILE",
    "dnsip found.example",
    "192.0.2.53\n"
  ],
  ["no file: this host's server", "true", "dnsip found.example", "192.0.2.53\n"],
  ["an empty file", ": >FILE", "dnsip found.example", "192.0.2.53\n"],
  ["a directory in its place", "mkdir FILE", "dnsip found.example", "192.0.2.53\n"],
  ["what does not exist", "printf 'nameserver ::1\\n' >FILE", "dnsip gone.example", "hard error\n"],
  ["a search list", "printf 'nameserver ::1\\nsearch gone found\\n' >FILE", "dnsfq www", "found.example\n"],
  ["only dnsfq has a use for one", "printf 'nameserver ::1\\nsearch found\\n' >FILE", "dnsip www", "hard error\n"],
  ["LOCALDOMAIN", "printf 'search gone\\n' >FILE; export LOCALDOMAIN=found", "dnsfq www", "found.example\n"]
]

const script = `
  mount -t tmpfs none /etc && ip link set lo up && ip -6 addr add fe80::53/64 dev lo nodad || exit 1
  "$NODE" -e "$SERVER" >/etc/ready & server=$!
  while test ! -s /etc/ready; do kill -0 $server || exit 1; sleep 0.05; done
  ${cases
    .map(([, make, program]) => `(${make.replaceAll("FILE", "/etc/resolv.conf")}; "$BIN"/${program} 2>&1)`)
    .join("; echo --; rm -rf /etc/resolv.conf; ")}
  kill $server
`

const inNamespace = (command: string) =>
  spawnSync("unshare", ["-mn", "sh", "-c", command], {
    env: { PATH: `${process.env["PATH"]}:/usr/sbin:/sbin`, NODE: process.execPath, SERVER: dnsServer, BIN: bin },
    encoding: "latin1"
  })

// Only root may make name spaces, and not in every container; ip is of the package iproute2.
const mayTry = inNamespace("mount -t tmpfs none /etc && ip -6 addr add fe80::53/64 dev lo").status === 0

describe.skipIf(!mayTry)("/etc/resolv.conf", () => {
  const printed = mayTry ? inNamespace(script).stdout.split("--\n") : []
  for (const [i, [title, , program, expected]] of cases.entries())
    it(`${title}: ${program}`, () => assert.strictEqual(printed[i], expected))
})
