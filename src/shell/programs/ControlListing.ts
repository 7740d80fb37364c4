/** The program qmail-showctl. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type ByteString, fromChunk, toChunk } from "../../core/Bytes.ts"
import * as ControlReport from "../../core/control/ControlReport.ts"
import type { InstallRecord } from "../../core/control/InstallRecord.ts"
import { exitSuccess, exitTemporary } from "../../core/Outcome.ts"
import { Accounts } from "../home/Accounts.ts"
import * as ControlMeanings from "../home/ControlMeanings.ts"
import { type FileStat, Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { Fatal } from "../platform/Main.ts"

export const show = Effect.gen(function* () {
  const files = yield* Files
  const { path, record } = yield* Home
  const say = (text: ByteString) =>
    Effect.mapError(files.write(1, toChunk(text)), () => new Fatal({ exitCode: exitTemporary, text: "" }))
  if (!record.classic && (yield* Identity).arguments[0] === "--shark") return yield* Effect.as(say(shark), exitSuccess)
  yield* say(ControlReport.preamble({ home: path, record, ...(yield* ids(record, path)) }))
  const oops = (text: string) => Effect.as(say(`Oops! ${text}`), exitTemporary)

  const directory = yield* Effect.option(files.stat(path))
  if (directory._tag === "None") return yield* oops(`Unable to chdir to ${path}.\n`)
  const names = yield* Effect.option(files.list(`${path}/control`))
  if (names._tag === "None") return yield* oops("Unable to chdir to control.\n")
  const found = new Map<string, ControlReport.ControlFound>()
  for (const name of ["me", "rcpthosts", ...names.value]) found.set(name, yield* look(`${path}/control/${name}`))
  if (found.get("me")?._tag === "Trouble") return yield* oops("Trouble reading control/me.")
  yield* say(
    ControlReport.report({
      classic: record.classic,
      names: names.value,
      found: (name) => found.get(name) ?? { _tag: "Missing" },
      meaning: ControlMeanings.of((name) => contentOf(found.get(name)), record.classic),
      ...(record.owners === "many" && { spawn: record.spawn })
    })
  )
  return exitSuccess
})

const contentOf = (found: ControlReport.ControlFound | undefined) =>
  found?._tag === "Content" ? found.content : undefined

const look = Effect.fnUntraced(
  function* (path: ByteString) {
    const files = yield* Files
    const content = fromChunk(yield* files.readFile(path))
    const { mtime } = yield* files.stat(path)
    return { _tag: "Content", content, mtime } as ControlReport.ControlFound
  },
  Effect.catch(({ errno }) =>
    Effect.succeed<ControlReport.ControlFound>({ _tag: errno === "ENOENT" ? "Missing" : "Trouble" })
  )
)

/** Where one account owns everything, it plays every role. */
const ids = Effect.fnUntraced(function* (record: InstallRecord, path: ByteString) {
  const files = yield* Files
  const accounts = yield* Accounts
  const owner = record.owners === "one" ? yield* Effect.option(files.stat(path)) : Option.none()
  const each = <Role extends string, A>(
    names: Readonly<Record<Role, string>>,
    ofOwner: (owner: FileStat) => A,
    find: (name: string) => Effect.Effect<A | undefined>
  ) =>
    Effect.map(
      Effect.forEach(
        Object.entries<string>(names),
        ([role, name]) =>
          Effect.map(
            Option.match(owner, { onNone: () => find(name), onSome: (stat) => Effect.succeed(ofOwner(stat)) }),
            (id) => [role, id] as const
          ),
        { concurrency: "unbounded" }
      ),
      (pairs) => Object.fromEntries(pairs) as Record<Role, A | undefined>
    )
  const unless = <A, B>(lookup: Effect.Effect<A | undefined, unknown>, id: (found: A) => B) =>
    lookup.pipe(
      Effect.map((found) => (found === undefined ? undefined : id(found))),
      Effect.orElseSucceed(() => undefined)
    )
  return {
    uids: yield* each(
      record.users,
      ({ uid }) => uid,
      (name) => unless(accounts.user(name), ({ uid }) => uid)
    ),
    gids: yield* each(
      record.groups,
      ({ gid }) => gid,
      (name) => unless(accounts.group(name), ({ gid }) => gid)
    )
  }
})

/** A thresher: half of it is tail. (W155) */
const shark = String.raw`
                                                  _.--'
                                             _.-~'
               .                         _.-~'
              /|                      .-~
     __,.--~~~  ~~~~--..__        _.-~
    <o  |||               ~~~----~  .
     ~--..__ \           __..---~~~-._~.
            \ \~~--..--~~             '-\
             \/                          '
`
