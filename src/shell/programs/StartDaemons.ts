/**
 * qmail-start: qmail-send with its spawners and qmail-clean, each under its own user, joined by pipes.
 *
 * Node can neither make a pipe nor choose the descriptors of a process that it becomes. A shell can: this process
 * becomes one that makes six FIFOs (seven with a logger), starts the others in the background, and becomes qmail-send.
 * Whatever is given from outside reaches the shell as positional parameters and never as text of the script.
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { ByteString } from "../../core/Bytes.ts"
import { exitTemporary } from "../../core/Outcome.ts"
import { Accounts } from "../home/Accounts.ts"
import { Files } from "../platform/Files.ts"
import { Home } from "../home/Home.ts"
import { Identity } from "../platform/Identity.ts"
import { Fatal } from "../platform/Main.ts"
import * as Successor from "../platform/Successor.ts"

/** The uid, the gid, and `--init-groups` or the list of groups, as setpriv takes them. */
type Credentials = readonly [uid: string, gid: string, groups: string]

const silent = new Fatal({ exitCode: exitTemporary, text: "" })

const missing = (what: string) => (found: { readonly name: ByteString } | undefined) =>
  found === undefined
    ? Effect.fail(new Fatal({ exitCode: exitTemporary, text: `unable to find ${what}` }))
    : Effect.succeed(found)

/** For logger, qmail-lspawn, qmail-rspawn, qmail-clean and qmail-send. */
const readCredentials = Effect.gen(function* () {
  const { record } = yield* Home
  const accounts = yield* Accounts
  const uid = (name: string) =>
    Effect.map(Effect.tap(accounts.user(name), missing(`user ${name}`)), (user) => `${user!.uid}`)
  const gid = (name: string) =>
    Effect.map(Effect.tap(accounts.group(name), missing(`group ${name}`)), (group) => `${group!.gid}`)
  const qmail = yield* gid(record.groups.qmail)
  const nofiles = yield* gid(record.groups.nofiles)
  const all: ReadonlyArray<Credentials> = [
    [yield* uid(record.users.qmaill), nofiles, `--groups=${nofiles}`],
    ["0", qmail, `--groups=${qmail}`],
    [yield* uid(record.users.qmailr), qmail, "--init-groups"],
    [yield* uid(record.users.qmailq), qmail, `--groups=${qmail}`],
    [yield* uid(record.users.qmails), qmail, `--groups=${qmail}`]
  ]
  return all
}).pipe(Effect.catchTag("AccountsError", () => Effect.fail(silent)))

/** Arguments: `[defaultdelivery [logger arg ...]]`. Comes back only if it fails. */
export const program = Effect.gen(function* () {
  const { arguments: args, effectiveUid, environment } = yield* Identity
  const { record } = yield* Home
  const [defaultDelivery = "./Mailbox", ...logger] = args
  const isOne = record.owners === "one"
  if (!isOne && effectiveUid !== 0) return yield* silent
  const credentials = isOne ? [] : yield* readCredentials
  for (const name of programs) yield* mustBeInPath(name)
  const directory = yield* temporaryDirectory
  return yield* Successor.become({
    program: "/bin/sh",
    arguments: [
      "-c",
      script,
      "qmail-start",
      directory,
      defaultDelivery,
      ...(isOne ? Array.from({ length: 15 }, () => "") : credentials.flat()),
      ...logger
    ],
    environment,
    directory: "/"
  })
}).pipe(Effect.catchTag("ProcessesError", () => Effect.fail(silent)))

const mustBeInPath = Effect.fnUntraced(function* (name: string) {
  const files = yield* Files
  const { environment } = yield* Identity
  for (const directory of (environment["PATH"] ?? "/bin:/usr/bin").split(":"))
    if (yield* Effect.match(files.stat(`${directory}/${name}`), { onFailure: () => false, onSuccess: () => true }))
      return
  return yield* silent
})

/** Ours alone; the shell removes it when the FIFOs are open. */
const temporaryDirectory = Effect.gen(function* () {
  const files = yield* Files
  const path = `/tmp/qmail-start.${yield* Random.nextIntBetween(0, Number.MAX_SAFE_INTEGER)}`
  yield* Effect.mapError(files.mkdir(path, 0o700), () => silent)
  return path
})

const programs = ["qmail-send", "qmail-lspawn", "qmail-rspawn", "qmail-clean"]

/**
 * The script's own tools are not looked for in PATH, which may hold no more than the home's programs.
 *
 * Each FIFO is opened at both ends in the same order by both sides, so nobody waits for one who waits for him. Only
 * open ends stay: a spawner sees the end of its commands when qmail-send is gone, and the other way round.
 */
const script = `
umask 077
setpriv=$(command -pv setpriv) fifos=$1 delivery=$2
as() {
  if [ -z "$1" ]; then shift 3; exec "$@"; fi
  uid=$1 gid=$2 groups=$3; shift 3
  exec "$setpriv" --reuid="$uid" --regid="$gid" "$groups" -- "$@"
}
ul=$3 gl=$4 sl=$5 uo=$6 go=$7 so=$8
shift 8
ur=$1 gr=$2 sr=$3 uq=$4 gq=$5 sq=$6 us=$7 gs=$8
shift 8
ss=$1
shift
command -p mkfifo "$fifos/0" "$fifos/1" "$fifos/2" "$fifos/3" "$fifos/4" "$fifos/5" "$fifos/6" || exit 111
if [ $# -gt 0 ]; then (exec <"$fifos/0" 2>&-; as "$ul" "$gl" "$sl" "$@") & fi
(exec <"$fifos/1" >"$fifos/2" 2>&-; as "$uo" "$go" "$so" qmail-lspawn "$delivery") &
(exec <"$fifos/3" >"$fifos/4" 2>&-; as "$ur" "$gr" "$sr" qmail-rspawn) &
(exec <"$fifos/5" >"$fifos/6" 2>&-; as "$uq" "$gq" "$sq" qmail-clean) &
if [ $# -gt 0 ]; then exec 0>"$fifos/0"; else exec 0>&1; fi
exec 1>"$fifos/1" 2<"$fifos/2" 3>"$fifos/3" 4<"$fifos/4" 5>"$fifos/5" 6<"$fifos/6"
command -p rm -rf "$fifos"
as "$us" "$gs" "$ss" qmail-send
`
