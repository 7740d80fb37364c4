/** The programs config and config-fast: the first control files of a host. */
import * as Effect from "effect/Effect"
import { type ByteString, concat, fromChunk, fromText, lower, toChunk } from "../core/Bytes.ts"
import * as FirstControls from "../core/control/FirstControls.ts"
import { exitPermanent, exitSuccess } from "../core/Outcome.ts"
import { Files, orIfAbsent } from "./Files.ts"
import { Home } from "./Home.ts"
import * as HomeTree from "./HomeTree.ts"
import { Identity } from "./Identity.ts"
import { Processes } from "./Processes.ts"

/** config-fast: everything from the one name that is given. */
export const configFast = Effect.gen(function* () {
  const [host] = (yield* Identity).arguments
  if (host === undefined || host === "") {
    yield* say(2, "config-fast: usage: config-fast fqdn\n")
    return exitPermanent
  }
  yield* say(1, `Your fully qualified host name is ${host}.\n`)
  for (const putting of FirstControls.names(host)) yield* put(putting)
  for (const file of ["locals", "rcpthosts"] as const) {
    yield* say(1, FirstControls.sayPutting({ file, value: host }))
    yield* write(file, (yield* present(file)) + `${host}\n`)
  }
  yield* say(1, FirstControls.sayRefused(host))
  return exitSuccess
})

/** config: everything from what the DNS knows about this host. */
export const config = Effect.gen(function* () {
  const { hostName } = yield* Identity
  const { path } = yield* Home
  if (hostName === "") return yield* Effect.as(say(1, FirstControls.noHostName), exitSuccess)
  const host = lower(hostName)
  yield* say(1, `Your hostname is ${host}.\n`)
  const [canonical] = yield* ask("dnsfq", host)
  if (canonical === undefined) return yield* Effect.as(say(1, FirstControls.noCanonicalName), exitSuccess)
  const name = lower(canonical)
  yield* say(1, `Your host's fully qualified name in DNS is ${name}.\n`)
  for (const putting of FirstControls.names(name)) yield* put(putting)

  yield* say(1, " \nChecking local IP addresses:\n")
  const addresses = new Set([...(yield* ask("dnsip", name)), ...(yield* ask("ipmeprint"))])
  const locals: Array<ByteString> = []
  for (const address of [...addresses].sort()) {
    const [found] = yield* ask("dnsptr", address)
    const local = found === undefined ? undefined : lower(found)
    yield* say(1, FirstControls.sayAddress(address, local))
    if (local !== undefined) locals.push(local)
  }
  const content = locals.map((local) => `${local}\n`).join("")
  yield* write("locals", content)
  yield* say(1, FirstControls.sayMoreNames(path))
  yield* write("rcpthosts", content)
  yield* say(1, FirstControls.sayRefused("those hosts"))
  return exitSuccess
})

const put = (putting: FirstControls.Putting) =>
  Effect.andThen(say(1, FirstControls.sayPutting(putting)), write(putting.file, `${putting.value}\n`))

const write = (file: FirstControls.Putting["file"], content: ByteString) =>
  Effect.flatMap(Home, ({ path }) => HomeTree.putFile(`${path}/control/${file}`, toChunk(content), 0o644))

const present = Effect.fnUntraced(function* (file: FirstControls.Putting["file"]) {
  const files = yield* Files
  const { path } = yield* Home
  const content = files.readFile(`${path}/control/${file}`)
  return yield* Effect.mapError(
    orIfAbsent(
      Effect.map(content, (bytes) => fromChunk(bytes)),
      () => ""
    ),
    HomeTree.explain
  )
})

const say = (fd: number, text: ByteString) =>
  Effect.flatMap(Files, (files) => Effect.mapError(files.write(fd, toChunk(text)), HomeTree.explain))

/** The lines of a program that lies beside this one; none if it has trouble. */
const ask = Effect.fnUntraced(
  function* (program: string, ...args: ReadonlyArray<ByteString>) {
    const { environment } = yield* Identity
    const beside = fromText(process.argv[1] ?? "").replace(/[^/]*$/, "") || "./"
    const child = yield* (yield* Processes).spawn({
      program: `${beside}${program}`,
      arguments: args,
      environment,
      descriptors: ["ignore", "fromChild", "ignore"]
    })
    const pieces: Array<Uint8Array> = []
    for (let piece = yield* child.read(1); piece.length > 0; piece = yield* child.read(1)) pieces.push(piece)
    return fromChunk(concat(pieces))
      .split("\n")
      .filter((line) => line !== "")
  },
  Effect.catchTag("ProcessesError", () => Effect.succeed<ReadonlyArray<ByteString>>([]))
)
