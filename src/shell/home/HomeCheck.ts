/** `thresher check`: looks at the whole home before anything runs in it. Changes nothing that stays. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { type ByteString, fromChunk } from "../../core/Bytes.ts"
import * as DotQmail from "../../core/local/DotQmail.ts"
import * as Cdb from "../../core/control/Cdb.ts"
import * as ControlCheck from "../../core/control/ControlCheck.ts"
import * as ControlFile from "../../core/control/ControlFile.ts"
import * as CopiedFiles from "../../core/home/CopiedFiles.ts"
import { error, type Finding, isError, warning } from "../../core/control/Finding.ts"
import * as Layout from "../../core/home/Layout.ts"
import * as LayoutCheck from "../../core/home/LayoutCheck.ts"
import * as LimitsCheck from "../../core/home/LimitsCheck.ts"
import * as Settings from "../../core/control/Settings.ts"
import { systemText } from "../../core/Outcome.ts"
import * as RelayClients from "../../core/relay/RelayClients.ts"
import * as ConnectionLimits from "../../core/intake/ConnectionLimits.ts"
import * as PasswdAssign from "../../core/users/PasswdAssign.ts"
import * as UserAssign from "../../core/users/UserAssign.ts"
import * as UserLookup from "../../core/users/UserLookup.ts"
import * as UsersCheck from "../../core/users/UsersCheck.ts"
import type { Accounts } from "./Accounts.ts"
import * as ControlMeanings from "./ControlMeanings.ts"
import { Files, type FilesError, type FileStat, orIfAbsent } from "../platform/Files.ts"
import { Home } from "./Home.ts"
import * as HomeCopies from "./HomeCopies.ts"
import * as HomeTree from "./HomeTree.ts"
import { Identity } from "../platform/Identity.ts"
import * as RoleIds from "./RoleIds.ts"

/** Errors first, each group in the order of the home. */
export const run: Effect.Effect<ReadonlyArray<Finding>, never, Accounts | Files | Home | Identity> = Effect.suspend(
  () => inOrder([tree, programs, submitters, controls, users, aliases, dotQmails, fileSystems, inodes, limits])
).pipe(Effect.withSpan("HomeCheck.run"))

/** What may keep a server from starting; the files of all users are not gone through for that. */
export const errors: Effect.Effect<ReadonlyArray<Finding>, never, Accounts | Files | Home | Identity> = Effect.suspend(
  () => Effect.map(inOrder([tree, controls, users, fileSystems, inodes]), (findings) => findings.filter(isError))
).pipe(Effect.withSpan("HomeCheck.errors"))

const inOrder = <R>(groups: ReadonlyArray<Effect.Effect<ReadonlyArray<Finding>, never, R>>) =>
  Effect.map(Effect.all(groups), (found) => {
    const findings = found.flat()
    return [...findings.filter(isError), ...findings.filter((one) => !isError(one))]
  })

/** Owners, modes and kinds, against the table. */
const tree = Effect.gen(function* () {
  const { path, record } = yield* Home
  const { directory } = yield* Identity
  const expected = yield* expectedIds
  const isLinked = yield* Effect.orElseSucceed(HomeCopies.isLinked(path, record, directory), () => false)
  const copied = CopiedFiles.entries(record, path).filter((entry) => !isLinked || !entry.path.startsWith("bin/"))
  return yield* Effect.forEach([...Layout.entries(record), ...copied], (entry) =>
    HomeTree.look(path, entry).pipe(
      Effect.flatMap((seen) =>
        Effect.map(
          seen === undefined ? Effect.succeed(undefined) : HomeTree.linkObjection(path, entry, expected(entry).uid),
          (link) => [
            ...LayoutCheck.judge(entry, seen, expected(entry)),
            ...(link === undefined ? [] : [warning(entry.path, link)])
          ]
        )
      ),
      Effect.catch((failure) => Effect.succeed([unreadable(entry.path || ".", failure)]))
    )
  )
}).pipe(Effect.map((findings) => findings.flat()))

/** A home that was moved or copied has programs that work in the old one. */
const programs = Effect.gen(function* () {
  const files = yield* Files
  const { path, record } = yield* Home
  const { directory } = yield* Identity
  if (yield* Effect.orElseSucceed(HomeCopies.isLinked(path, record, directory), () => false)) return []
  const found = new Map<ByteString, Array<ByteString>>()
  for (const { from, path: below } of CopiedFiles.entries(record, path)) {
    if (from?._tag !== "Program") continue
    const home = yield* Effect.orElseSucceed(HomeCopies.homeOf(`${path}/${below}`), () => undefined)
    if (home !== undefined) found.set(home, [...(found.get(home) ?? []), below])
  }
  const here = yield* Effect.option(files.stat(path))
  const others = yield* Effect.filter([...found], ([home]) =>
    Effect.map(Effect.option(files.stat(home)), (there) => !isSameFile(here, there))
  )
  return others.map(([home, names]) => LayoutCheck.programsOfOther(home, names))
})

/** Where the system's sendmail is this home's, other accounts must come as far as `drop`. */
const submitters = Effect.gen(function* () {
  const files = yield* Files
  const { path, record } = yield* Home
  if (record.owners !== "one") return []
  const ours = yield* Effect.option(files.stat(`${path}/bin/sendmail`))
  const found = yield* Effect.forEach(systemSendmails, (name) => Effect.option(files.stat(name)))
  const isSystem = found.some((one) => isSameFile(one, ours))
  if (!isSystem) return []
  const shut: Array<ByteString> = []
  const above = path.split("/").map((_, i, names) => names.slice(0, i + 1).join("/") || "/")
  for (const directory of [...above, `${path}/control`, `${path}/bin`, `${path}/${Layout.drop}`]) {
    const stat = yield* Effect.option(files.stat(directory))
    if (Option.isNone(stat) || (stat.value.mode & 0o001) === 0) shut.push(directory)
  }
  return LayoutCheck.keptOut(shut)
})

const systemSendmails = ["/usr/sbin/sendmail", "/usr/lib/sendmail"]

const isSameFile = (one: Option.Option<FileStat>, two: Option.Option<FileStat>): boolean =>
  Option.isSome(one) &&
  Option.isSome(two) &&
  one.value.device === two.value.device &&
  one.value.inode === two.value.inode

/** Whom the roles stand for here. */
const expectedIds = Effect.gen(function* () {
  const { path, record } = yield* Home
  if (record.owners === "many")
    return yield* RoleIds.known([...Layout.entries(record), ...CopiedFiles.entries(record, path)])
  const { effectiveUid, gid } = yield* Identity
  return ({ path }: Layout.Entry): LayoutCheck.Expected => ({
    uid: effectiveUid,
    // Members of this group can read what waits there, and the server must be one.
    gid: path === Layout.drop ? gid : undefined
  })
})

const controls = Effect.gen(function* () {
  const files = yield* Files
  const { path, record } = yield* Home
  const names = yield* Effect.orElseSucceed(files.list(`${path}/control`), (): ReadonlyArray<ByteString> => [])
  const contents = new Map<ByteString, ByteString>()
  const findings: Array<Finding> = []
  for (const name of [...names].sort())
    yield* files.readFile(`${path}/control/${name}`).pipe(
      Effect.map((content) => void contents.set(name, fromChunk(content))),
      Effect.catch((failure) => Effect.sync(() => void findings.push(unreadable(`control/${name}`, failure))))
    )
  const context: ControlCheck.ControlContext = {
    classic: record.classic,
    content: (name) => contents.get(name),
    isRelayClient: (entry) => Result.isSuccess(RelayClients.parse([entry])),
    meaning: ControlMeanings.of((name) => contents.get(name), record.classic),
    ...(record.owners === "many" && { spawn: record.spawn })
  }
  for (const name of contents.keys()) findings.push(...ControlCheck.checkFile(name, context))
  return [...findings, ...ControlCheck.checkTogether(context)]
})

/** What deliveries look up, and what it was made from. */
export const users = Effect.gen(function* () {
  const files = yield* Files
  const { path, record } = yield* Home
  const { effectiveUid } = yield* Identity
  const read = (name: string) =>
    files.readFile(`${path}/users/${name}`).pipe(
      Effect.map((content): Uint8Array | undefined => content),
      (content) => orIfAbsent(content, () => undefined),
      Effect.mapError((failure) => unreadable(`users/${name}`, failure))
    )
  const assign = yield* read("assign")
  const database = yield* read("cdb")
  const sources = yield* Effect.forEach(UsersCheck.sources, (name) =>
    Effect.map(read(name), (text) => (text === undefined ? [] : UsersCheck.checkSource(name, fromChunk(text))))
  )
  const owner = record.owners === "one" ? effectiveUid : undefined
  return [...UsersCheck.check(assign && fromChunk(assign), database, owner), ...sources.flat()]
}).pipe(Effect.catch((finding) => Effect.succeed<ReadonlyArray<Finding>>([finding])))

/** A host without these loses mail about itself. */
const aliases = Effect.gen(function* () {
  const files = yield* Files
  const { path } = yield* Home
  const names = yield* Effect.orElseSucceed(files.list(`${path}/alias`), (): ReadonlyArray<ByteString> => [])
  const database = yield* Effect.orElseSucceed(files.readFile(`${path}/users/cdb`), () => undefined)
  const fieldsOf = (name: ByteString) =>
    Result.getOrElse(
      UserLookup.inDatabase((key) => Cdb.find(database!, key), name),
      () => undefined
    )
  const isUser = (name: ByteString): boolean => {
    const fields = database === undefined ? undefined : fieldsOf(name)
    const account = fields === undefined ? undefined : Result.getOrElse(UserLookup.fromFields(fields), () => undefined)
    return account !== undefined && account.homedir !== `${path}/alias`
  }
  return ControlCheck.checkAliases(names, isUser)
})

/** The .qmail files of the alias account and of all that users/assign or the file of accounts names. */
const dotQmails = Effect.gen(function* () {
  const files = yield* Files
  const { path, record } = yield* Home
  const textOf = (file: ByteString) => Effect.orElseSucceed(Effect.map(files.readFile(file), fromChunk), () => "")
  const assigned = UserAssign.parse(yield* textOf(`${path}/users/assign`))
  const only = ControlFile.line(yield* textOf(`${path}/control/passwdfile`))
  const passwd = record.owners === "one" ? "" : yield* textOf(only || "/etc/passwd")
  const directories = new Set([
    `${path}/alias`,
    ...(Result.isSuccess(assigned) ? assigned.success.map(({ fields }) => fields.homedir) : []),
    ...passwd.split("\n").flatMap((line) => PasswdAssign.parseLine(line)?.homedir ?? [])
  ])
  const findings: Array<Finding> = []
  for (const directory of directories)
    for (const name of yield* Effect.orElseSucceed(files.list(directory), (): ReadonlyArray<ByteString> => [])) {
      if (!name.startsWith(".qmail")) continue
      const file = `${directory}/${name}`
      const isFile = yield* Effect.orElseSucceed(
        Effect.map(files.stat(file), ({ kind }) => kind === "file"),
        () => false
      )
      const flaw = isFile ? DotQmail.flaw(yield* textOf(file)) : undefined
      if (flaw === undefined) continue
      const shown = file.startsWith(`${path}/`) ? file.slice(path.length + 1) : file
      findings.push(warning(shown, `${flaw.reason}${DotQmail.flawMeans(record.classic)}`, flaw.line))
    }
  return findings
})

/**
 * A message's name is the inode number of its file, so links must keep inode numbers: overlay, network and FUSE file
 * systems may not. (queue.md 17)
 */
const inodes = Effect.gen(function* () {
  const files = yield* Files
  const { path } = yield* Home
  const { pid } = yield* Identity
  const born = `${path}/queue/pid/check.${pid}`
  const named = `${path}/queue/mess/0/check.${pid}`
  const remove = Effect.all([Effect.ignore(files.unlink(named)), Effect.ignore(files.unlink(born))])
  return yield* Effect.gen(function* () {
    yield* files.close(yield* files.open(born, "create", 0o600))
    yield* files.link(born, named)
    const before = yield* files.lstat(born)
    const after = yield* files.lstat(named)
    return before.inode === after.inode
      ? []
      : [error("queue", "its file system does not keep inode numbers across links: no queue can live there")]
  }).pipe(
    Effect.catch(({ errno, operation }) =>
      Effect.succeed(
        errno === "ENOENT" || errno === "ENOTDIR" || errno === "EXDEV"
          ? [] // has been said of the tree
          : errno === "EACCES" || errno === "EPERM"
            ? [warning("queue", "run this as the owner of the queue, or as root, to try its file system")]
            : [error("queue", `unable to ${operation} a file in it: ${systemText(errno)}`)]
      )
    ),
    Effect.ensuring(remove)
  )
})

/** Mail is linked from directory to directory of the queue: where they lie elsewhere, they must lie there together. */
const fileSystems = Effect.gen(function* () {
  const files = yield* Files
  const { path, record } = yield* Home
  const deviceOf = (directory: string) =>
    Effect.orElseSucceed(
      Effect.map(files.stat(`${path}/queue/${directory}`), ({ device }): string | undefined => device),
      () => undefined
    )
  const places = Array.from({ length: record.split }, (_, i) => ["pid", `mess/${i}`] as const)
  const apart = yield* Effect.filter([...places, ["intd", "todo"] as const], ([from, to]) =>
    Effect.map(Effect.all([deviceOf(from), deviceOf(to)]), ([one, two]) => ![two, undefined].includes(one))
  )
  const [first] = apart
  return first === undefined
    ? []
    : [
        error(
          `queue/${first[1]}`,
          `lies on another file system than queue/${first[0]}, from which mail is linked there`
        )
      ]
})

/** Those of this process: run from a script of a supervisor, `check` sees what the programs would get. */
const limits = Effect.gen(function* () {
  const files = yield* Files
  const { path, record } = yield* Home
  const textOf = (file: ByteString) => Effect.orElseSucceed(Effect.map(files.readFile(file), fromChunk), () => "")
  const number = (setting: Settings.IntegerSetting) =>
    Effect.map(textOf(`${path}/control/${setting.name}`), (text) =>
      Settings.integerOr(
        setting,
        Option.getOrUndefined(Result.getOrElse(ControlFile.integer(text), () => Option.none())),
        record.classic
      )
    )
  const most = record.owners === "one" ? Infinity : record.spawn
  return LimitsCheck.check(yield* textOf("/proc/self/limits"), {
    owners: record.owners,
    concurrencyLocal: Math.min(most, yield* number(Settings.settings.concurrencylocal)),
    concurrencyRemote: Math.min(most, yield* number(Settings.settings.concurrencyremote)),
    connections: ConnectionLimits.defaults.connectionsMax,
    dataBytes: yield* number(Settings.settings.databytes)
  })
})

const unreadable = (file: ByteString, { errno, operation }: FilesError): Finding =>
  error(file, `unable to ${operation}: ${systemText(errno)}`)
