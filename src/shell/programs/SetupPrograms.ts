/**
 * instpackage makes the tree of a home and copies into it, instchown gives it to its owners, instcheck looks whether
 * it is as these two left it. (instpackage.c, instchown.c, instcheck.c)
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import * as CopiedFiles from "../../core/home/CopiedFiles.ts"
import * as InstallCheck from "../../core/home/InstallCheck.ts"
import * as Layout from "../../core/home/Layout.ts"
import type { Expected } from "../../core/home/LayoutCheck.ts"
import { type ExitCode, exitPermanent, exitSuccess, systemText } from "../../core/Outcome.ts"
import { Accounts } from "../home/Accounts.ts"
import { Controls } from "../home/Controls.ts"
import { Files } from "../platform/Files.ts"
import { absolute, hasOwnRights, Home, homeFor } from "../home/Home.ts"
import * as HomeCopies from "../home/HomeCopies.ts"
import * as HomeInstall from "../home/HomeInstall.ts"
import * as HomeTree from "../home/HomeTree.ts"
import { Identity } from "../platform/Identity.ts"
import { Fatal } from "../platform/Main.ts"
import { Processes } from "../platform/Processes.ts"
import * as RoleIds from "../home/RoleIds.ts"

/** What one of them goes through, and where. */
interface Task {
  /** Where it will stand. */
  readonly home: ByteString
  /** The tree: below DESTDIR, where that counts. */
  readonly root: ByteString
  readonly entries: ReadonlyArray<Layout.Entry>
  readonly nameOf: (entry: Layout.Entry) => ByteString
}

type Services = Accounts | Files | Home | Identity | Processes

const program = (usesDestination: boolean, run: (task: Task) => Effect.Effect<ExitCode, Fatal, Services>) =>
  Effect.gen(function* () {
    const identity = yield* Identity
    const { arguments: words, environment, program: name } = identity
    const home = absolute(homeFor(identity))
    if (!Layout.isHomePath(home)) return yield* refuse(Layout.badHomePath(home))
    const destination = (usesDestination && hasOwnRights(identity) && environment["DESTDIR"]) || ""
    const root = destination === "" ? home : absolute(destination).replace(/\/$/, "") + home
    return yield* Effect.gen(function* () {
      const { record } = yield* Home
      const chosen = CopiedFiles.chosen(words, record, home)
      if (chosen === undefined) {
        yield* say(`${name}: usage: ${name} [ queue-only ]\n`)
        return exitPermanent
      }
      return yield* run({ home, root, entries: chosen, nameOf: (entry) => InstallCheck.nameOf(root, entry) })
    }).pipe(Effect.provide(Accounts.layer.pipe(Layer.provide(Controls.layer), Layer.provideMerge(Home.layerAt(root)))))
  }).pipe(
    Effect.catchTags({
      HomeError: ({ file, reason }) => Effect.fail(HomeTree.fatal(`unable to read ${file}: ${reason}`)),
      FilesError: (error) => Effect.fail(HomeTree.explainAs(error.path, "read")(error))
    }),
    Effect.provide(Layer.mergeAll(Files.layer, Identity.layer, Processes.layer))
  )

export const instpackage = program(true, (task) =>
  Effect.gen(function* () {
    const { entries, home, nameOf, root } = task
    const { directory } = yield* Identity
    const { record } = yield* Home
    const isWhole = entries.some(({ path }) => path === "")
    const gathered = yield* HomeCopies.gather(directory, entries)
    if (isWhole) {
      yield* HomeTree.makeDirectories(root, 0o755)
      yield* HomeCopies.endLink(root, record, directory)
    } else yield* enter(root)
    const nobody = () => undefined
    yield* HomeTree.make(
      root,
      entries.filter(({ from }) => from === undefined),
      nobody
    )
    const { kept } = yield* HomeCopies.put(gathered, { home, to: root, idsOf: nobody, nameOf })
    for (const name of kept) yield* warn(`kept the other ${name} as ${name}.before-thresher`)
    const unreachable = isWhole && record.owners === "many" ? yield* HomeInstall.unreachableNode : undefined
    if (unreachable !== undefined) yield* warn(unreachable)
    return exitSuccess
  })
)

export const instchown = program(true, ({ entries, nameOf, root }) =>
  Effect.gen(function* () {
    const { record } = yield* Home
    const idsOf = record.owners === "one" ? () => undefined : yield* RoleIds.required(entries)
    if (entries[0]!.path !== "") yield* enter(root)
    const links = yield* HomeTree.linksIn(root, entries)
    for (const entry of yield* withoutLinked(root, entries))
      yield* HomeTree.dressEntry(root, entry, idsOf(entry), links, nameOf(entry))
    return exitSuccess
  })
)

export const instcheck = program(false, ({ entries, nameOf, root }) =>
  Effect.gen(function* () {
    const expected = yield* expectedIds(root, entries)
    let standsIn = ""
    for (const entry of yield* withoutLinked(root, entries)) {
      const directory = directoryOf(root, entry)
      if (entry.path !== "" && directory !== standsIn) {
        yield* enter(directory)
        standsIn = directory
      }
      const findings = yield* HomeTree.look(root, entry).pipe(
        Effect.map((seen) => InstallCheck.judge(entry, seen, expected(entry)).map((one) => `${nameOf(entry)} ${one}`)),
        Effect.catch(({ errno }) => Effect.succeed([`unable to stat .../${entry.path}: ${systemText(errno)}`]))
      )
      for (const finding of findings) yield* warn(finding)
    }
    return exitSuccess
  })
)

/** A home of one owner belongs to whoever has it. */
const expectedIds = Effect.fnUntraced(function* (root: ByteString, entries: ReadonlyArray<Layout.Entry>) {
  const { record } = yield* Home
  if (record.owners === "many") return yield* RoleIds.required(entries)
  const files = yield* Files
  const owner = yield* Effect.option(files.stat(root))
  return (): Expected => ({ uid: owner._tag === "Some" ? owner.value.uid : undefined, gid: undefined })
})

/** What lies behind a link to a working copy is not the home's; instpackage puts files in its place. */
const withoutLinked = Effect.fnUntraced(function* (root: ByteString, entries: ReadonlyArray<Layout.Entry>) {
  const { directory } = yield* Identity
  const { record } = yield* Home
  const isLinked = yield* HomeCopies.isLinked(root, record, directory)
  return entries.filter(({ path }) => !isLinked || !/^bin(\/|$)/.test(path))
})

/** Where one must be to look at it: where it is copied to, else the home. */
const directoryOf = (root: ByteString, { from, path }: Layout.Entry): ByteString =>
  from === undefined ? root : `${root}/${path.slice(0, path.lastIndexOf("/"))}`

const enter = (directory: ByteString) =>
  Effect.flatMap(Files, (files) =>
    Effect.mapError(files.stat(`${directory}/.`), HomeTree.explainAs(directory, "switch to"))
  )

const say = (text: ByteString) => Effect.flatMap(Files, (files) => Effect.ignore(files.write(2, toChunk(text))))
const warn = (text: ByteString) => Effect.flatMap(Identity, ({ program: name }) => say(`${name}: warning: ${text}\n`))
const refuse = (text: ByteString) => Effect.fail(new Fatal({ exitCode: exitPermanent, text }))
