/** Who this process is: arguments, environment, ids, host name. All strings are byte strings. */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import * as os from "node:os"
import { dirname, resolve } from "node:path"
import { type ByteString, fromChunk, fromText } from "../../core/Bytes.ts"
import * as Interpreter from "../../core/home/Interpreter.ts"

export interface IdentityFacts {
  /** The name under which the program was started, without directories. */
  readonly program: ByteString
  /** Where it lies: the other programs are beside it. */
  readonly directory: ByteString
  readonly arguments: ReadonlyArray<ByteString>
  readonly environment: Readonly<Record<ByteString, ByteString>>
  readonly pid: number
  readonly uid: number
  readonly effectiveUid: number
  readonly gid: number
  readonly effectiveGid: number
  readonly hostName: ByteString
}

/** Node decodes argv and environ as UTF-8, and what is not UTF-8 is lost: the kernel still has the bytes. */
const rawStrings = (file: string): ReadonlyArray<ByteString> => {
  const strings = fromChunk(fs.readFileSync(file)).split("\0")
  strings.pop()
  return strings
}

/** A link to a single program is not where the others are; a link to their directory is. */
const ownDirectory = (): string => {
  const file = resolve(process.argv[1] ?? ".")
  try {
    return dirname(fs.lstatSync(file).isSymbolicLink() ? fs.realpathSync(file) : file)
  } catch {
    return dirname(file)
  }
}

const isLossy = (text: string): boolean => text.includes("\ufffd")

const readArguments = (): ReadonlyArray<ByteString> => {
  const decoded = process.argv.slice(2)
  if (!decoded.some(isLossy)) return decoded.map(fromText)
  return rawStrings("/proc/self/cmdline").slice(-decoded.length)
}

const readEnvironment = (): Readonly<Record<ByteString, ByteString>> => {
  const environment: Record<ByteString, ByteString> = Object.create(null)
  const entries = Object.entries(process.env)
  if (!entries.some(([name, value]) => isLossy(name) || isLossy(value!))) {
    for (const [name, value] of entries) environment[fromText(name)] = fromText(value!)
    return environment
  }
  for (const entry of rawStrings("/proc/self/environ")) {
    const equals = entry.indexOf("=")
    if (equals > 0) environment[entry.slice(0, equals)] ??= entry.slice(equals + 1)
  }
  return environment
}

export class Identity extends Context.Service<Identity, IdentityFacts>()("thresher/shell/Identity") {
  static readonly layer: Layer.Layer<Identity> = Layer.sync(Identity, () => ({
    program: fromText((process.argv[1] ?? "").replace(/^.*\//, "")),
    directory: fromText(ownDirectory()),
    arguments: readArguments(),
    environment: Interpreter.asGiven(readEnvironment()),
    pid: process.pid,
    uid: process.getuid!(),
    effectiveUid: process.geteuid!(),
    gid: process.getgid!(),
    effectiveGid: process.getegid!(),
    hostName: fromText(os.hostname())
  }))

  static readonly layerMemory = (facts: Partial<IdentityFacts>): Layer.Layer<Identity> =>
    Layer.succeed(Identity, {
      program: "test",
      directory: "/test/bin",
      arguments: [],
      environment: {},
      pid: 4242,
      uid: 1000,
      effectiveUid: 1000,
      gid: 1000,
      effectiveGid: 1000,
      hostName: "host.example",
      ...facts
    })
}
