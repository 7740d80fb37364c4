/** Has this program of ours begun at all? Where env(1) finds no node for it, its exit code is not an answer of its own. */
import * as Effect from "effect/Effect"
import { fromChunk } from "../../core/Bytes.ts"
import * as ProgramPath from "../../core/command/ProgramPath.ts"
import * as Interpreter from "../../core/home/Interpreter.ts"
import type { Ending } from "../../core/queue/QueueStatus.ts"
import { Files } from "./Files.ts"
import type { ChildDescription } from "./Processes.ts"

/** A program that never began has crashed for those who asked it: a temporary failure. */
export const endingOf = Effect.fnUntraced(function* (
  { directory, environment, program }: Pick<ChildDescription, "directory" | "environment" | "program">,
  ending: Ending
) {
  if (ending._tag === "Killed" || !Interpreter.mayBeEnv(ending.exitCode)) return ending
  const files = yield* Files
  const content = yield* Effect.firstSuccessOf(
    ProgramPath.candidates(program, environment["PATH"], directory ?? "/").map((path) => files.readFile(path))
  ).pipe(Effect.orElseSucceed(() => new Uint8Array(0)))
  const isEnv = Interpreter.leavesOut(fromChunk(content, 0, Math.min(content.length, Interpreter.bytesMax)))
  return isEnv ? ({ _tag: "Killed", signal: "SIGABRT" } as const) : ending
})
