/**
 * The system's accounts and groups by name: /etc/passwd and /etc/group, then whatever else the system asks
 * (through `getent`, if nsswitch.conf names more than files). Not knowing an account and being unable to tell are
 * two different answers.
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type ByteString, concat, fromChunk, isDigits } from "../../core/Bytes.ts"
import { settings } from "../../core/control/Settings.ts"
import type { Errno } from "../../core/Outcome.ts"
import * as AccountFiles from "../../core/users/AccountFiles.ts"
import type { GroupFacts, PasswdFacts } from "../../core/users/UserAccount.ts"
import { Controls } from "./Controls.ts"
import { Files, orIfAbsent } from "../platform/Files.ts"
import { Processes } from "../platform/Processes.ts"

/** Nobody can tell whether this account exists. */
export class AccountsError extends Data.TaggedError("AccountsError")<{
  readonly name: ByteString
  readonly errno: Errno
}> {}

export interface AccountCalls {
  /** Undefined: there is no such account. */
  readonly user: (name: ByteString) => Effect.Effect<PasswdFacts | undefined, AccountsError>
  readonly group: (name: ByteString) => Effect.Effect<GroupFacts | undefined, AccountsError>
}

export class Accounts extends Context.Service<Accounts, AccountCalls>()("thresher/shell/Accounts") {
  /** control/passwdfile, if there, is the only source of accounts. */
  static readonly layer: Layer.Layer<Accounts, never, Controls | Files | Processes> = Layer.effect(
    Accounts,
    Effect.gen(function* () {
      const files = yield* Files
      const processes = yield* Processes
      const controls = yield* Controls
      const read = (path: ByteString) =>
        orIfAbsent(
          Effect.map(files.readFile(path), (c) => fromChunk(c)),
          () => ""
        )

      const ask = Effect.fnUntraced(function* (database: "passwd" | "group", name: ByteString) {
        const child = yield* processes.spawn({
          program: "getent",
          arguments: [database, name],
          environment: { PATH: "/usr/bin:/bin:/usr/local/bin" },
          descriptors: ["ignore", "fromChild", "ignore"]
        })
        const pieces: Array<Uint8Array> = []
        for (let piece = yield* child.read(1); piece.length > 0; piece = yield* child.read(1)) pieces.push(piece)
        return { ending: yield* child.ending, output: fromChunk(concat(pieces)) }
      })

      const search = Effect.fnUntraced(function* <A extends { readonly name: ByteString }>(
        database: "passwd" | "group",
        name: ByteString,
        parse: (line: ByteString) => A | undefined
      ) {
        const inFile = AccountFiles.findByName(yield* read(`/etc/${database}`), name, parse)
        if (inFile !== undefined || !isAskable(name)) return inFile
        if (!AccountFiles.hasOtherSources(yield* read("/etc/nsswitch.conf"), database)) return undefined
        const answer = yield* Effect.catchIf(
          ask(database, name),
          (error) => error.errno === "ENOENT",
          () => Effect.void
        )
        if (answer === undefined || (answer.ending._tag === "Exited" && answer.ending.exitCode === getentUnknown))
          return undefined
        if (answer.ending._tag === "Killed" || answer.ending.exitCode !== 0)
          return yield* new AccountsError({ name, errno: "EIO" })
        return AccountFiles.findByName(answer.output, name, parse)
      })
      const refusing =
        (name: ByteString) =>
        <A, E extends { readonly _tag: string }>(effect: Effect.Effect<A, E>) =>
          Effect.mapError(
            effect,
            (error) => new AccountsError({ name, errno: "errno" in error ? String(error.errno) : "EIO" })
          )

      const user = Effect.fnUntraced(function* (name: ByteString) {
        const only = yield* controls.line(settings.passwdfile)
        if (!only) return yield* search("passwd", name, AccountFiles.passwdLine)
        return AccountFiles.findByName(fromChunk(yield* files.readFile(only)), name, AccountFiles.passwdLine)
      })
      return {
        user: (name) => refusing(name)(user(name)),
        group: (name) => refusing(name)(search("group", name, AccountFiles.groupLine))
      }
    })
  )

  /** `trouble`: names of which nobody can tell. */
  static readonly layerMemory = (known: {
    readonly users?: ReadonlyArray<PasswdFacts>
    readonly groups?: ReadonlyArray<GroupFacts>
    readonly trouble?: ReadonlyArray<ByteString>
  }): Layer.Layer<Accounts> => {
    const among =
      <A extends { readonly name: ByteString }>(list: ReadonlyArray<A> = []) =>
      (name: ByteString) =>
        known.trouble?.includes(name)
          ? Effect.fail(new AccountsError({ name, errno: "EIO" }))
          : Effect.succeed(list.find((one) => one.name === name))
    return Layer.succeed(Accounts, { user: among(known.users), group: among(known.groups) })
  }
}

/** getent would look up digits as a number, and take a leading hyphen for an option. */
const isAskable = (name: ByteString): boolean =>
  name !== "" && name[0] !== "-" && !isDigits(name) && !/[:\0\n]/.test(name)

const getentUnknown = 2
