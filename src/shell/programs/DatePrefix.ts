/** predate and datemail: run a program that reads what we read, after a Date field in local time. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import * as LineEnds from "../../core/header/LineEnds.ts"
import * as TraceFields from "../../core/header/TraceFields.ts"
import { exitPermanent, exitTemporary, systemText } from "../../core/Outcome.ts"
import * as PosixZone from "../../core/PosixZone.ts"
import { Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { Fatal } from "../platform/Main.ts"
import { type Child, Processes } from "../platform/Processes.ts"

/** The arguments are a program and its arguments. */
export const predate = Effect.gen(function* () {
  const { arguments: args } = yield* Identity
  const [program, ...rest] = args
  if (program !== undefined) return yield* run(program, rest)
  yield* Effect.ignore((yield* Files).write(2, toChunk("predate: usage: predate child\n")))
  return exitPermanent
})

/** Mail for sendmail, dated. */
export const datemail = Effect.gen(function* () {
  const { arguments: args } = yield* Identity
  const { path } = yield* Home
  return yield* run(`${path}/bin/sendmail`, args)
})

const run = Effect.fnUntraced(function* (program: ByteString, args: ReadonlyArray<ByteString>) {
  const { environment } = yield* Identity
  const { record } = yield* Home
  const processes = yield* Processes
  const child = yield* processes
    .spawn({ program, arguments: args, environment, descriptors: ["toChild", 1, 2] })
    .pipe(Effect.mapError(({ errno }) => fatal(`unable to run ${program}: ${systemText(errno)}`)))
  const time = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  yield* child.write(0, toChunk(TraceFields.localDate(time, offsetAt(environment["TZ"], time))))
  // Input may have no end; a child that is gone wants none.
  yield* Effect.raceFirst(copyTo(child, LineEnds.of(record.classic)), child.ending)
  const ending = yield* child.ending
  if (ending._tag === "Killed") return yield* fatal("child crashed")
  return ending.exitCode
})

const copyTo = Effect.fnUntraced(function* (child: Child, initial: LineEnds.LineEnds) {
  const files = yield* Files
  for (let lineEnds = initial; ;) {
    const read = yield* Effect.orElseSucceed(files.read(0, chunkBytes, null), () => new Uint8Array(0))
    if (read.length === 0) {
      yield* child.write(0, LineEnds.finish(lineEnds))
      return yield* child.end(0)
    }
    const converted = LineEnds.feed(lineEnds, read)
    lineEnds = converted.lineEnds
    yield* child.write(0, converted.bytes)
  }
})

/** Seconds east of UTC. The system knows zones by name; what a user may write himself, it does not know here. */
const offsetAt = (zone: ByteString | undefined, time: number): number =>
  (zone === undefined ? undefined : PosixZone.offsetAt(zone, time)) ??
  // @effect-diagnostics-next-line globalDate:off
  -60 * new Date(time * 1000).getTimezoneOffset()

const fatal = (text: ByteString) => new Fatal({ exitCode: exitTemporary, text })

const chunkBytes = 65536
