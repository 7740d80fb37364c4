/** Where this qmail lives, and what its installation record says. */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { resolve } from "node:path"
import { type ByteString, fromChunk, fromText } from "../../core/Bytes.ts"
import * as ControlFile from "../../core/control/ControlFile.ts"
import * as InstalledHome from "../../core/home/InstalledHome.ts"
import * as InstallRecord from "../../core/control/InstallRecord.ts"
import { Files, FilesError, orIfAbsent } from "../platform/Files.ts"
import { Identity, type IdentityFacts } from "../platform/Identity.ts"

/** A line of each program, once it is bundled: see InstalledHome. */
declare const thresherHome: ByteString | undefined
/** Of a program that nobody tells another one. */
export const installedHome: ByteString = typeof thresherHome === "string" ? thresherHome : InstalledHome.builtFor

/** QMAILHOME counts only where nobody can have set it for a program with rights of another account. */
export const homeFor = (identity: IdentityFacts): ByteString =>
  (hasOwnRights(identity) && identity.environment["QMAILHOME"]) || installedHome

/** A path that was given from where this process is. */
export const absolute = (path: ByteString): ByteString => resolve(fromText(process.cwd()), path)

export const hasOwnRights = ({ effectiveGid, effectiveUid, gid, uid }: IdentityFacts): boolean =>
  uid === effectiveUid && gid === effectiveGid

/** The record is there and unusable. */
export class HomeError extends Data.TaggedError("HomeError")<{ readonly file: ByteString; readonly reason: string }> {}

export interface HomeFacts {
  /** Absolute, without a slash at the end. */
  readonly path: ByteString
  readonly record: InstallRecord.InstallRecord
}

export class Home extends Context.Service<Home, HomeFacts>()("thresher/shell/Home") {
  static readonly layerAt = (path: ByteString): Layer.Layer<Home, HomeError | FilesError, Files> =>
    Layer.effect(Home, load(path))

  static readonly layer: Layer.Layer<Home, HomeError | FilesError, Files | Identity> = Layer.effect(
    Home,
    Effect.flatMap(Identity, (identity) => load(homeFor(identity)))
  )

  static readonly layerMemory = (path: ByteString, record = InstallRecord.qmailHome): Layer.Layer<Home> =>
    Layer.succeed(Home, { path, record })
}

const load = Effect.fnUntraced(function* (path: ByteString) {
  const files = yield* Files
  const file = `${path}/install.json`
  const content = yield* orIfAbsent(files.readFile(file), () => undefined)
  const record =
    content === undefined
      ? InstallRecord.qmailHome
      : yield* Result.match(InstallRecord.parse(fromChunk(content)), {
          onFailure: (reason) => Effect.fail(new HomeError({ file, reason })),
          onSuccess: (parsed) => Effect.succeed(parsed)
        })
  const override = yield* files.readFile(`${path}/control/classic`).pipe(
    Effect.map((content) => ControlFile.line(fromChunk(content))),
    (read) => orIfAbsent(read, () => undefined)
  )
  return { path, record: InstallRecord.withOverride(record, override) }
})
