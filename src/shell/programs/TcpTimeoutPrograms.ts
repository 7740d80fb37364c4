/** The programs qmail-tcpto and qmail-tcpok: which addresses timed out lately, and never mind. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import * as TcpTimeouts from "../../core/remote/TcpTimeouts.ts"
import { type Errno, exitSuccess, exitTemporary, systemText } from "../../core/Outcome.ts"
import { Files, FilesError } from "../platform/Files.ts"
import { Home, type HomeError } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { Locks } from "../platform/Locks.ts"
import { Fatal } from "../platform/Main.ts"
import { Processes } from "../platform/Processes.ts"
import { fileOf } from "../remote/TcpTimeoutFile.ts"

type Layout = TcpTimeouts.Layout

/** qmail-tcpto: what goes wrong is said on descriptor 1, without the name of the program. */
export const list = Effect.suspend(() =>
  Effect.gen(function* () {
    const home = yield* Home
    yield* enter(home.path).pipe(Effect.mapError(({ errno }) => trouble("chdir", errno)))
    yield* enter(`${home.path}/queue/lock`).pipe(Effect.mapError(({ errno }) => trouble("chdir", errno)))
    const v4 = yield* table(TcpTimeouts.layoutV4)
    const v6 = yield* ifPresent(home.path, TcpTimeouts.layoutV6, table(TcpTimeouts.layoutV6), () => new Uint8Array(0))
    const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    const entries = [...TcpTimeouts.entries(v4, TcpTimeouts.layoutV4), ...TcpTimeouts.entries(v6, TcpTimeouts.layoutV6)]
    yield* print(entries.map((entry) => TcpTimeouts.describe(entry, now)).join(""))
    return exitSuccess
  }).pipe(
    Effect.catchTag("Trouble", ({ text }) => Effect.as(print(text), exitTemporary)),
    provided
  )
)

/** qmail-tcpok: all addresses are as good as new. */
export const clear = Effect.suspend(() =>
  Effect.gen(function* () {
    const home = yield* Home
    const fatal = (verb: string, what: ByteString) => (errno: Errno) =>
      new Fatal({ exitCode: exitTemporary, text: `unable to ${verb} ${what}: ${systemText(errno)}` })
    for (const directory of [home.path, `${home.path}/queue/lock`])
      yield* enter(directory).pipe(Effect.mapError(({ errno }) => fatal("chdir to", directory)(errno)))
    yield* wipe(TcpTimeouts.layoutV4, fatal)
    yield* ifPresent(home.path, TcpTimeouts.layoutV6, wipe(TcpTimeouts.layoutV6, fatal), () => undefined)
    return exitSuccess
  }).pipe(provided)
)

interface Trouble {
  readonly _tag: "Trouble"
  readonly text: ByteString
}

const trouble = (verb: string, errno: Errno): Trouble => ({
  _tag: "Trouble",
  text: `fatal: unable to ${verb}: ${systemText(errno)}\n`
})

/** As chdir would fail. */
const enter = Effect.fnUntraced(function* (path: ByteString) {
  const { kind } = yield* (yield* Files).stat(path)
  if (kind !== "directory") return yield* new FilesError({ operation: "chdir", path, errno: "ENOTDIR" })
})

const ifPresent = <A, B, E, R>(home: ByteString, layout: Layout, job: Effect.Effect<A, E, R>, absent: () => B) =>
  Effect.flatMap(Files, (files) =>
    Effect.matchEffect(files.stat(`${home}/${fileOf(layout)}`), {
      onFailure: (): Effect.Effect<A | B, E, R> => Effect.sync(absent),
      onSuccess: () => job
    })
  )

const table = Effect.fnUntraced(function* (layout: Layout) {
  const files = yield* Files
  const locks = yield* Locks
  const { path } = yield* Home
  const open = Effect.mapError(files.open(`${path}/${fileOf(layout)}`, "update"), ({ errno }) =>
    trouble("open tcpto", errno)
  )
  return yield* Effect.acquireUseRelease(
    open,
    (fd) =>
      locks.whileLocked(fd, Infinity, (answer) =>
        answer._tag === "Locked"
          ? Effect.mapError(files.read(fd, TcpTimeouts.fileBytes(layout), 0), ({ errno }) =>
              trouble("read tcpto", errno)
            )
          : Effect.fail(trouble("lock tcpto", "ENOLCK"))
      ),
    (fd) => Effect.ignore(files.close(fd))
  )
})

const wipe = Effect.fnUntraced(function* (
  layout: Layout,
  fatal: (verb: string, what: ByteString) => (errno: Errno) => Fatal
) {
  const files = yield* Files
  const locks = yield* Locks
  const file = `${(yield* Home).path}/${fileOf(layout)}`
  yield* Effect.acquireUseRelease(
    Effect.mapError(files.open(file, "write"), ({ errno }) => fatal("write", file)(errno)),
    (fd) =>
      locks.whileLocked(fd, Infinity, (answer) =>
        answer._tag === "Locked"
          ? Effect.mapError(files.write(fd, new Uint8Array(TcpTimeouts.fileBytes(layout)), 0), ({ errno }) =>
              fatal("clear", file)(errno)
            )
          : Effect.fail(fatal("lock", file)("ENOLCK"))
      ),
    (fd) => Effect.ignore(files.close(fd))
  )
})

const print = (text: ByteString) => Effect.flatMap(Files, (files) => Effect.ignore(files.write(1, toChunk(text))))

const provided = <A, E>(program: Effect.Effect<A, E, Files | Home | Locks>) =>
  Effect.provide(
    program,
    Locks.layer.pipe(
      Layer.provideMerge(Home.layer),
      Layer.provideMerge(Layer.mergeAll(Files.layerSync, Identity.layer, Processes.layer))
    )
  ).pipe(
    Effect.mapError((error: E | FilesError | HomeError) =>
      error instanceof Fatal
        ? error
        : new Fatal({ exitCode: exitTemporary, text: "unable to read the installation record" })
    )
  )
