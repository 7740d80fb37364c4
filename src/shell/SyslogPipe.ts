/**
 * The program splogger. Node has no datagram sockets in the file system, so one logger(1) of util-linux is kept
 * running, which sends each line that we write as one datagram to /dev/log. Where it cannot run, lines are read
 * and dropped, as they are where no syslogd listens.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { toChunk } from "../core/Bytes.ts"
import * as SyslogLines from "../core/delivery/SyslogLines.ts"
import { exitSuccess } from "../core/Outcome.ts"
import { Files } from "./Files.ts"
import { Identity } from "./Identity.ts"
import { type Child, Processes } from "./Processes.ts"

export const log = Effect.gen(function* () {
  const files = yield* Files
  const { arguments: args, environment } = yield* Identity
  const processes = yield* Processes
  const logger: Child | undefined = yield* Effect.orElseSucceed(
    processes.spawn({
      program: "logger",
      arguments: ["--prio-prefix", "-t", args[0] ?? "splogger"],
      environment,
      descriptors: ["toChild", "ignore", "ignore"]
    }),
    () => undefined
  )
  let state = SyslogLines.initial(args[1])
  for (;;) {
    const chunk = yield* Effect.orElseSucceed(files.read(0, pieceBytes, null), () => new Uint8Array(0))
    if (chunk.length === 0) break
    const micros = Number((yield* Clock.currentTimeNanos) / 1000n)
    const step = SyslogLines.feed(state, chunk, micros)
    state = step.state
    const text = step.lines.map((line) => `<${line.priority}>${line.text}\n`).join("")
    if (text !== "" && logger !== undefined) yield* logger.write(0, toChunk(text))
  }
  if (logger !== undefined) {
    yield* logger.end(0)
    yield* logger.ending
  }
  return exitSuccess
})

const pieceBytes = 65536
