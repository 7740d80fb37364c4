/** `thresher stop`: asks the server of this queue to end, and waits until it has. */
import * as Effect from "effect/Effect"
import type { ByteString } from "../../core/Bytes.ts"
import { type ExitCode, exitPermanent, exitSuccess, exitTemporary, systemText } from "../../core/Outcome.ts"
import { Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Locks } from "../platform/Locks.ts"
import { Fatal } from "../platform/Main.ts"
import * as ServerProcess from "../server/ServerProcess.ts"

/** 0: it is gone. 100: nobody was there. 111: it is still there. */
export const stop = Effect.fn("ServerStop.stop")(function* (patienceSeconds: number) {
  const { path } = yield* Home
  if (!(yield* isServed)) return yield* fatal(exitPermanent, `unable to stop: nobody serves ${path}`)
  const server = yield* Effect.mapError(ServerProcess.find, ({ errno, path }) =>
    fatal(exitTemporary, `unable to read ${path}: ${systemText(errno)}`)
  )
  if (server._tag === "NotOurs")
    return yield* fatal(
      exitTemporary,
      `unable to stop: ${path} is served by a program of another kind, perhaps qmail-send`
    )
  if (server._tag === "Closed")
    return yield* fatal(
      exitTemporary,
      `unable to stop: process ${server.pid} of another account may be the server of ${path}: not permitted`
    )
  yield* terminate(server.pid)
  for (let waited = 0; waited < patienceSeconds * 1000; waited += pauseMillis) {
    if (!(yield* isServed)) return exitSuccess
    yield* Effect.sleep(pauseMillis)
  }
  return (yield* isServed)
    ? yield* fatal(
        exitTemporary,
        `unable to stop: process ${server.pid} is still there after ${patienceSeconds} seconds`
      )
    : exitSuccess
})

const pauseMillis = 100

const fatal = (exitCode: ExitCode, text: ByteString): Fatal => new Fatal({ exitCode, text })

/** Whether somebody holds lock/sendmutex. */
const isServed = Effect.gen(function* () {
  const files = yield* Files
  const locks = yield* Locks
  const file = `${(yield* Home).path}/queue/lock/sendmutex`
  return yield* Effect.acquireUseRelease(
    files.open(file, "write"),
    (fd) => locks.whileLocked(fd, 0, (answer) => Effect.succeed(answer._tag !== "Locked")),
    (fd) => Effect.ignore(files.close(fd))
  ).pipe(Effect.mapError(({ errno }) => fatal(exitTemporary, `unable to open ${file}: ${systemText(errno)}`)))
})

const terminate = (pid: number) =>
  Effect.try({
    try: () => process.kill(pid, "SIGTERM"),
    catch: (cause) =>
      fatal(
        exitTemporary,
        `unable to stop process ${pid}: ${systemText((cause as NodeJS.ErrnoException).code ?? "EPERM")}`
      )
  })
