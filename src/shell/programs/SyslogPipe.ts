/**
 * The program splogger. Node has no datagram sockets in the file system, so one logger(1) of util-linux is kept
 * running, which sends each line that we write as one datagram to /dev/log. For a facility that it refuses perl does
 * the same, if there is one. Where neither can run, lines are read and dropped, as they are where no syslogd listens.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type ByteString, toChunk } from "../../core/Bytes.ts"
import * as SyslogLines from "../../core/delivery/SyslogLines.ts"
import { exitSuccess } from "../../core/Outcome.ts"
import { Files } from "../platform/Files.ts"
import { Identity } from "../platform/Identity.ts"
import { type Child, Processes } from "../platform/Processes.ts"

export const log = Effect.gen(function* () {
  const files = yield* Files
  const { arguments: args, environment } = yield* Identity
  const processes = yield* Processes
  const tag = args[0] ?? "splogger"
  const start = (program: ByteString, before: ReadonlyArray<ByteString>): Effect.Effect<Child | undefined> =>
    Effect.orElseSucceed(
      processes.spawn({
        program,
        arguments: [...before, tag],
        environment,
        descriptors: ["toChild", "ignore", "ignore"]
      }),
      () => undefined
    )
  let state = SyslogLines.initial(args[1])
  let logger = SyslogLines.loggerTakes(state) ? undefined : yield* start("perl", ["-MSocket", "-e", perlLogger, "--"])
  if (logger === undefined) {
    logger = yield* start("logger", ["--prio-prefix", "-t"])
    if (!SyslogLines.loggerTakes(state)) state = SyslogLines.asUser(state)
  }
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

/** `<PRIORITY>TEXT` becomes `<PRIORITY>Mmm dd hh:mm:ss TAG: TEXT`, as with logger and syslog(3). */
const perlLogger = `
my $tag = shift;
socket(my $log, AF_UNIX, SOCK_DGRAM, 0);
while (<STDIN>) {
  my ($priority, $text) = /^(<\\d+>)(.*)/ or next;
  send($log, $priority . substr(scalar(localtime), 4, 16) . "$tag: $text", 0, sockaddr_un("/dev/log"));
}
`
