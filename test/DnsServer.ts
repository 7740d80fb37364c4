/** A DNS server on loopback that answers from a script; for tests. */
import { createSocket } from "node:dgram"
import { createServer, isIPv4 } from "node:net"

export type Type = "A" | "AAAA" | "MX" | "PTR" | "CNAME"
const numbers = { A: 1, CNAME: 5, PTR: 12, MX: 15, AAAA: 28 } as const

/** Records as text: `192.0.2.1`, `10 mx.example`, `name.example`. */
export type Entry =
  /** `impostors`: answers that nobody asked for come before the right one. */
  | { readonly records: ReadonlyArray<string>; readonly truncate?: true; readonly impostors?: true }
  /** `noEdns`: a server that does not know EDNS. */
  | { readonly code: "NXDOMAIN" | "SERVFAIL" | "REFUSED" | "silence" | "liar" | "noEdns" }
export type Zone = Readonly<Record<string, Entry>>

export interface DnsServer {
  /** For QMAILDNS. */
  readonly address: string
  /** `MX dest.example` and so on, in order; `tcp MX ...` over TCP, `edns MX ...` with an OPT record. */
  readonly asked: Array<string>
  readonly stop: () => void
}

const nameBytes = (name: string): Buffer =>
  Buffer.concat([
    ...name
      .split(".")
      .filter((label) => label !== "")
      .map((label) => Buffer.from(String.fromCharCode(label.length) + label, "latin1")),
    Buffer.from([0])
  ])

const dataOf = (type: Type, text: string): Buffer => {
  switch (type) {
    case "A":
      return Buffer.from(text.split(".").map(Number))
    case "AAAA":
      return Buffer.from(text.replaceAll(":", ""), "hex")
    case "MX": {
      const [preference, exchange] = text.split(" ")
      return Buffer.concat([Buffer.from([Number(preference) >> 8, Number(preference) & 255]), nameBytes(exchange!)])
    }
    case "PTR":
    case "CNAME":
      return nameBytes(text)
  }
}

const answer = (zone: Zone, query: Buffer, tcp: boolean, asked: Array<string>): Buffer | undefined => {
  let at = 12
  const labels: Array<string> = []
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length))
    at += 1 + length
  }
  const name = labels.join(".").toLowerCase()
  const type = (Object.keys(numbers) as Array<Type>).find((type) => numbers[type] === query.readUInt16BE(at + 1))!
  const hasOpt = query.readUInt16BE(10) === 1 && query.subarray(at + 5).readUInt16BE(1) === 41
  asked.push(`${tcp ? "tcp " : ""}${hasOpt ? "edns " : ""}${type} ${name}`)
  const question = query.subarray(12, at + 5)
  const entry = zone[`${type} ${name}`] ?? { code: "NXDOMAIN" }
  const reply = (flags: number, answers: ReadonlyArray<Buffer>): Buffer => {
    const header = Buffer.alloc(12)
    query.copy(header, 0, 0, 2)
    header.writeUInt16BE(0x8180 | flags, 2)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(answers.length, 6)
    return Buffer.concat([header, question, ...answers])
  }
  if ("code" in entry) {
    if (entry.code === "silence") return undefined
    if (entry.code === "noEdns") return hasOpt ? reply(1, []) : reply(0, [])
    if (entry.code === "liar") return reply(0, [Buffer.from([0xc0, 0xff])])
    return reply({ NXDOMAIN: 3, SERVFAIL: 2, REFUSED: 5 }[entry.code], [])
  }
  if (entry.truncate && !tcp) return reply(0x0200, [])
  return reply(
    0,
    entry.records.map((text) => {
      const alias = text.startsWith("CNAME ")
      const data = dataOf(alias ? "CNAME" : type, text.replace(/^CNAME /, ""))
      const head = Buffer.from([0xc0, 12, 0, numbers[alias ? "CNAME" : type], 0, 1, 0, 0, 0, 60, 0, 0])
      head.writeUInt16BE(data.length, 10)
      return Buffer.concat([head, data])
    })
  )
}

const expectsImpostors = (zone: Zone, asked: ReadonlyArray<string>): boolean => {
  const entry = zone[asked.at(-1)!]
  return entry !== undefined && "impostors" in entry
}

/** The same port for UDP and TCP, of 127.0.0.1 or of an address of this host. */
export const startDnsServer = (zone: Zone, host = "127.0.0.1"): Promise<DnsServer> =>
  new Promise((resolve, reject) => {
    const asked: Array<string> = []
    const tcp = createServer((socket) => {
      socket.on("error", () => {})
      socket.once("data", (bytes) => {
        const reply = answer(zone, bytes.subarray(2), true, asked)
        if (reply === undefined) return
        const length = Buffer.from([reply.length >> 8, reply.length & 255])
        // Cut anywhere: a reader must put it together.
        const whole = Buffer.concat([length, reply])
        socket.write(whole.subarray(0, 1))
        setImmediate(() => socket.end(whole.subarray(1)))
      })
    })
    tcp.once("error", reject)
    tcp.listen(0, host, () => {
      const { port } = tcp.address() as { port: number }
      const udp = createSocket(isIPv4(host) ? "udp4" : "udp6")
      udp.once("error", reject)
      udp.on("message", (query, from) => {
        const reply = answer(zone, query, false, asked)
        if (reply === undefined) return
        if (!expectsImpostors(zone, asked)) return udp.send(reply, from.port, from.address)
        const otherNumber = Buffer.from(reply)
        otherNumber[0]! ^= 1
        udp.send(otherNumber, from.port, from.address)
        const elsewhere = createSocket("udp4")
        // All is right but its port; it says that there is nothing.
        const forged = Buffer.concat([reply.subarray(0, 6), Buffer.alloc(6), reply.subarray(12)])
        elsewhere.send(forged, from.port, from.address, () => {
          elsewhere.close()
          udp.send(reply, from.port, from.address)
        })
      })
      udp.bind(port, host, () =>
        resolve({
          address: isIPv4(host) ? `${host}:${port}` : `${host}#${port}`,
          asked,
          stop: () => {
            udp.close()
            tcp.close()
          }
        })
      )
    })
  })
