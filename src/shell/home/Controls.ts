/** Reads control/ into core's values. Nothing is cached: an edit takes effect at the next reading. */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { type ByteString, fromChunk } from "../../core/Bytes.ts"
import * as ControlFile from "../../core/control/ControlFile.ts"
import * as Settings from "../../core/control/Settings.ts"
import { Files, orIfAbsent } from "../platform/Files.ts"
import { Home } from "./Home.ts"

/** A control file cannot be read, or holds what it may not. */
export class ControlsError extends Data.TaggedError("ControlsError")<{
  readonly file: ByteString
  /** An errno, or what is wrong with the content. */
  readonly reason: string
  /** What could not be done to the file. */
  readonly operation?: string
}> {}

export interface ControlReaders {
  /** With the default applied; undefined where a missing file leaves nothing. */
  readonly line: (setting: Settings.LineSetting) => Effect.Effect<ByteString | undefined, ControlsError>
  readonly integer: (setting: Settings.IntegerSetting) => Effect.Effect<number, ControlsError>
  /** Entries; undefined if the file is missing (and, for `orMe`, control/me too). */
  readonly list: (setting: Settings.ListSetting) => Effect.Effect<ReadonlyArray<ByteString> | undefined, ControlsError>
  /** The file's bytes; undefined if it is missing. */
  readonly content: (name: string) => Effect.Effect<Uint8Array | undefined, ControlsError>
}

export class Controls extends Context.Service<Controls, ControlReaders>()("thresher/shell/Controls") {
  static readonly layer: Layer.Layer<Controls, never, Files | Home> = Layer.effect(
    Controls,
    Effect.gen(function* () {
      const files = yield* Files
      const home = yield* Home
      const content = (name: string) => {
        const file = `${home.path}/control/${name}`
        return files.readFile(file).pipe(
          (read) => orIfAbsent(read, () => undefined),
          Effect.mapError((error) => new ControlsError({ file, reason: error.errno, operation: error.operation }))
        )
      }
      return readers(content, (name) => `${home.path}/control/${name}`, home.record.classic)
    })
  )

  /** Reads what was read before. */
  static readonly ofContents = (
    content: (name: string) => Uint8Array | undefined,
    home: ByteString,
    classic: boolean
  ): ControlReaders =>
    readers(
      (name) => Effect.sync(() => content(name)),
      (name) => `${home}/control/${name}`,
      classic
    )

  static readonly layerMemory = (
    contents: Readonly<Record<string, ByteString>>,
    classic = true
  ): Layer.Layer<Controls> =>
    Layer.succeed(
      Controls,
      readers(
        (name) =>
          Effect.succeed(
            contents[name] === undefined ? undefined : Uint8Array.from(contents[name], (c) => c.charCodeAt(0))
          ),
        (name) => `control/${name}`,
        classic
      )
    )
}

const readers = (
  content: ControlReaders["content"],
  pathOf: (name: string) => ByteString,
  classic: boolean
): ControlReaders => {
  const text = (name: string) =>
    Effect.map(content(name), (bytes) => (bytes === undefined ? undefined : fromChunk(bytes)))
  const rawLine = (name: string) =>
    Effect.map(text(name), (found) => (found === undefined ? undefined : ControlFile.lineOf(found, classic)))
  return {
    content,
    line: (setting) =>
      Effect.flatMap(rawLine(setting.name), (found) =>
        setting.name === "me" || (found !== undefined && found !== "")
          ? Effect.succeed(Settings.lineOr(setting, found, undefined, classic))
          : Effect.map(rawLine("me"), (me) => Settings.lineOr(setting, found, me, classic))
      ),
    integer: (setting) =>
      Effect.flatMap(text(setting.name), (found) =>
        Result.match(found === undefined ? Result.succeed(Option.none<number>()) : ControlFile.integer(found), {
          onFailure: (reason) => Effect.fail(new ControlsError({ file: pathOf(setting.name), reason })),
          onSuccess: (value) => Effect.succeed(Settings.integerOr(setting, Option.getOrUndefined(value), classic))
        })
      ),
    list: (setting) =>
      Effect.flatMap(text(setting.name), (found) =>
        found !== undefined
          ? Effect.succeed(ControlFile.listOf(found, classic))
          : setting.orMe
            ? Effect.map(rawLine("me"), (me) => (me === undefined ? undefined : ControlFile.listOfMe(me, classic)))
            : Effect.succeed(Settings.listOr(setting, undefined, classic))
      )
  }
}
