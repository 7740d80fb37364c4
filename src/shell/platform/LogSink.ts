/** Where qmail-send's log lines go: its descriptor 0, or the standard output of a server. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import { Files } from "./Files.ts"

export type LogStyle =
  /** The bare line, as splogger, multilog and cyclog want it. */
  | "qmail"
  /** Seconds and fraction in front. */
  | "time"

export class LogSink extends Context.Service<
  LogSink,
  {
    /** Lines without their line feeds. A log that nobody reads any more is no reason to stop. */
    readonly write: (lines: ReadonlyArray<ByteString>) => Effect.Effect<void>
  }
>()("thresher/shell/LogSink") {
  /** Waits if the reader is slow, as the original does: lines are not lost and not piled up. */
  static readonly layer = (fd: number, style: LogStyle): Layer.Layer<LogSink, never, Files> =>
    Layer.effect(
      LogSink,
      Effect.map(Files, (files) => ({
        write: (lines) =>
          Effect.flatMap(Clock.currentTimeMillis, (millis) => {
            const before = style === "time" ? `${(millis / 1000).toFixed(6)} ` : ""
            const bytes = toChunk(lines.map((line) => `${before}${line}\n`).join(""))
            const written = writeNow(fd, bytes)
            return written === bytes.length ? Effect.void : Effect.ignore(files.write(fd, bytes.subarray(written)))
          })
      }))
    )

  static readonly layerMemory = (into: Array<ByteString>): Layer.Layer<LogSink> =>
    Layer.succeed(LogSink, { write: (lines) => Effect.sync(() => void into.push(...lines)) })
}

/** A pipe with room takes the line in microseconds; only a full one is worth waiting for. */
const writeNow = (fd: number, bytes: Uint8Array): number => {
  try {
    return fs.writeSync(fd, bytes)
  } catch {
    return 0
  }
}
