/**
 * Does a server that is process 1 run itself below a shell, and what does the shell do?
 *
 * The system gives every process whose parent has ended to process 1, which is the server where a container runs
 * nothing else. Node waits only for the children that it has started: what the command line of a .qmail file leaves
 * behind would stay a zombie for ever. A shell in `wait` collects all of them.
 */
import type { ByteString } from "../Bytes.ts"
import { type Endpoint, formatEndpoint } from "./Endpoint.ts"

export interface Facts {
  readonly pid: number
  /** The words that started this process, the interpreter with its options first. */
  readonly words: ReadonlyArray<ByteString>
  /** The sockets of LISTEN_FDS, which are meant for process 1 alone. */
  readonly inherited: ReadonlyArray<Endpoint>
  readonly listen: ReadonlyArray<Endpoint>
}

/** Of /bin/sh. Undefined: the server stays what it is. */
export const shellArguments = ({ inherited, listen, pid, words }: Facts): ReadonlyArray<ByteString> | undefined => {
  // What a shell runs in the background has /dev/null for standard input.
  if (pid !== 1 || listen.some((endpoint) => "descriptor" in endpoint && endpoint.descriptor === 0)) return undefined
  const sockets = listen.length > 0 ? [] : inherited.flatMap((endpoint) => ["--listen", formatEndpoint(endpoint)])
  return ["-c", script, "thresher", ...words, ...sockets]
}

/**
 * Process 1 gets no signal that it has not asked for, so HUP and ALRM end no server that is still starting. TERM and INT
 * that come before there is a server are kept for it. A trap ends `wait` too soon; then it is done again, and a shell
 * that has collected the server meanwhile says 127, which is no news. With process 1 everything else is killed: a
 * `thresher stop` that waits inside gets the time to see that the server is gone.
 */
export const script: ByteString = [
  "server= early= again= code=111",
  'pass() { again=1; if [ -n "$server" ]; then kill -s "$1" "$server" 2>/dev/null; else early="$early $1"; fi; }',
  "trap 'pass TERM' TERM",
  "trap 'pass INT' INT",
  "trap '' HUP ALRM",
  '"$@" &',
  "server=$!",
  "trap 'pass HUP' HUP",
  "trap 'pass ALRM' ALRM",
  'for signal in $early; do kill -s "$signal" "$server" 2>/dev/null; done',
  "while again=",
  'wait "$server"',
  "now=$?",
  '[ "$now" -eq 127 ] || code=$now',
  '[ -n "$again" ]',
  "do :; done",
  "set -- /proc/[0-9]*",
  '[ "$$" -ne 1 ] || [ "$#" -lt 2 ] || sleep 1',
  'exit "$code"'
].join("\n")
