/**
 * Says which limits on resources are too low for programs that run in node, and for what the control files ask.
 *
 * Node reserves address space for code and heap long before it uses any; what `softlimit -m 2000000` of the usual run
 * scripts leaves a C program is a thousandth of it. (getrlimit(2), proc(5))
 */
import { type ByteString, isDigits } from "../Bytes.ts"
import { type Finding, warning } from "../control/Finding.ts"

/**
 * KiB of address space, measured with node 24: a program starts with 1,150,000 and queues a large message with
 * 1,400,000; the server, which has threads, starts with 2,400,000. The rest is for load.
 */
export const addressSpaceKiB = { program: 2_000_000, server: 4_000_000 } as const

/** The same for RLIMIT_DATA, which `softlimit -m` sets too: 800,000 and 1,600,000. */
export const dataKiB = { program: 1_000_000, server: 2_000_000 } as const

/** What somebody must know who starts our programs from a script that was written for qmail. */
export const advice = (shape: "program" | "server"): string =>
  `${shape === "server" ? "the server" : "each program"} needs ${addressSpaceKiB[shape]} KiB of address space ` +
  `(softlimit -a ${addressSpaceKiB[shape] * 1024}, not -m, or none at all)`

export interface Plans {
  /** One owner: a server, in which all deliveries are. Many: a process each. */
  readonly owners: "one" | "many"
  readonly concurrencyLocal: number
  readonly concurrencyRemote: number
  /** SMTP clients that a server takes at once. */
  readonly connections: number
  /** Bytes a message may have; 0: any number. */
  readonly dataBytes: number
}

/** `text`: /proc/PID/limits. What is not there is not limited. */
export const check = (text: ByteString, plans: Plans): ReadonlyArray<Finding> => {
  const soft = softLimits(text)
  const shape = plans.owners === "one" ? "server" : "program"
  const say = (reason: string): Finding => warning(file, reason)
  const below = (name: string, least: number, what: (limit: number) => string): ReadonlyArray<Finding> => {
    const limit = soft.get(name)
    return limit === undefined || limit >= least ? [] : [say(what(limit))]
  }
  const deliveries = plans.concurrencyLocal + plans.concurrencyRemote
  const isOne = plans.owners === "one"
  const openFiles = isOne
    ? plans.connections + deliveries + plans.concurrencyLocal + filesOfProgram
    : filesOfDelivery * Math.max(plans.concurrencyLocal, plans.concurrencyRemote) + filesOfProgram
  const processes = isOne ? plans.concurrencyLocal + threadsOfNode : threadsOfNode * plans.concurrencyRemote
  const wishes = isOne ? `${plans.connections} clients and ${deliveries} deliveries` : `${deliveries} deliveries`
  return [
    ...below(
      "Max address space",
      addressSpaceKiB[shape] * 1024,
      (limit) => `address space is limited to ${kib(limit)} KiB; ${advice(shape)}`
    ),
    ...below(
      "Max data size",
      dataKiB[shape] * 1024,
      (limit) => `data is limited to ${kib(limit)} KiB, and should be to ${dataKiB[shape]} or not at all`
    ),
    // `softlimit -m` limits the stack too, and each thread reserves as much as its limit.
    ...(soft.has("Max address space") && (soft.get("Max stack size") ?? 0) > stackBytesMost
      ? [
          say(
            `the stack is limited to ${kib(soft.get("Max stack size")!)} KiB, which each thread takes: limit it to 8192`
          )
        ]
      : []),
    ...below("Max open files", openFiles, (limit) => `open files are limited to ${limit}; ${wishes} take ${openFiles}`),
    ...below("Max processes", processes, (limit) => `processes are limited to ${limit}; ${wishes} take ${processes}`),
    ...below("Max file size", plans.dataBytes === 0 ? Infinity : plans.dataBytes + fieldBytes, (limit) =>
      plans.dataBytes === 0
        ? `files are limited to ${limit} bytes, messages are not`
        : `files are limited to ${limit} bytes, messages to ${plans.dataBytes}`
    )
  ]
}

/** Name, soft limit, hard limit and unit, in columns. */
const softLimits = (text: ByteString): ReadonlyMap<string, number> =>
  new Map(
    text.split("\n").flatMap((line) => {
      const [, name, soft = ""] = /^(\S+(?: \S+)*?) {2,}(\S+)/.exec(line) ?? []
      return name !== undefined && isDigits(soft) ? [[name, Number(soft)] as const] : []
    })
  )

/** A dozen threads with so much are a tenth of the address space that a program needs. */
const stackBytesMost = 16 << 20

const kib = (bytes: number): number => Math.floor(bytes / 1024)

const file = "/proc/self/limits"
/** Of node, its libraries, the log and the queue. */
const filesOfProgram = 64
/** A spawner holds the message and two pipes. */
const filesOfDelivery = 3
/** Each counts as a process. */
const threadsOfNode = 12
/** What a message grows by before it is delivered. */
const fieldBytes = 4096
