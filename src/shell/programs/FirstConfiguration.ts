/** The programs qmail-config, config and config-fast: the first control files of a host. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type ByteString, fromChunk, lower, toChunk } from "../../core/Bytes.ts"
import * as FirstControls from "../../core/home/FirstControls.ts"
import { exitPermanent, exitSuccess } from "../../core/Outcome.ts"
import * as DnsPrograms from "./DnsPrograms.ts"
import { Files, orIfAbsent } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import * as HomeTree from "../home/HomeTree.ts"
import * as HostPrograms from "./HostPrograms.ts"
import { Identity } from "../platform/Identity.ts"
import { Resolver } from "../platform/Resolver.ts"
import { Sockets } from "../platform/Sockets.ts"

/** config-fast: everything from the one name that is given. */
export const configFast = Effect.gen(function* () {
  const { arguments: args, program } = yield* Identity
  const [host] = args
  if (host === undefined || host === "") {
    yield* say(2, `${program}: usage: ${program} fqdn\n`)
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
  const [canonical] = yield* ask(DnsPrograms.fullNameLines(host))
  if (canonical === undefined) return yield* Effect.as(say(1, FirstControls.noCanonicalName), exitSuccess)
  const name = lower(canonical)
  yield* say(1, `Your host's fully qualified name in DNS is ${name}.\n`)
  for (const putting of FirstControls.names(name)) yield* put(putting)

  yield* say(1, " \nChecking local IP addresses:\n")
  const addresses = new Set([...(yield* ask(DnsPrograms.addressLines(name))), ...(yield* HostPrograms.addressLines)])
  const locals: Array<ByteString> = []
  for (const address of [...addresses].sort()) {
    const [found] = yield* ask(DnsPrograms.nameLines(address))
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
}).pipe(Effect.provide(Resolver.layer.pipe(Layer.provide(Sockets.layer))))

/** qmail-config: from the name that is given, else from the DNS. */
export const qmailConfig = Effect.flatMap(Identity, ({ arguments: args }) => (args.length > 0 ? configFast : config))

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

/** Whoever cannot be asked knows nothing. */
const ask = <R>(question: Effect.Effect<ReadonlyArray<ByteString>, unknown, R>) =>
  Effect.orElseSucceed(question, (): ReadonlyArray<ByteString> => [])
