// The machine that some cases were recorded on: qmail's users and groups, our programs installed in /var/qmail with a
// set-uid qmail-queue, and a /dev/log that can be listened to. All of it is in a mount namespace of this run: the real
// machine sees and keeps nothing.
import { spawn, spawnSync } from "node:child_process"
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export const home = "/var/qmail"
const mountPoint = process.env.THRESHER_GOLDEN_SITE

/**
 * Starts the program again in a namespace of its own and ends with it; comes back there, when all is furnished. Where
 * that cannot be, comes back at once. Gives why there is no such machine, or undefined.
 */
export const enter = (bin, install = installOurs) => {
  if (mountPoint !== undefined) return furnish(bin, install)
  if (process.getuid() !== 0) return "needs root, for a mount namespace with qmail's users"
  const namespace = ["--mount", "--propagation", "private", "--"]
  const probe = spawnSync("unshare", [...namespace, "mount", "-t", "tmpfs", "none", "/mnt"], { encoding: "utf8" })
  if (probe.status !== 0)
    return `needs a mount namespace with qmail's users: ${(probe.stderr ?? String(probe.error)).trim()}`
  const directory = mkdtempSync(join(tmpdir(), "thresher-site-"))
  const { status } = spawnSync("unshare", [...namespace, process.execPath, ...process.argv.slice(1)], {
    stdio: "inherit",
    env: { ...process.env, THRESHER_GOLDEN_SITE: directory }
  })
  rmSync(directory, { recursive: true })
  return process.exit(status ?? 1)
}

const furnish = (bin, install) => {
  run("mount", "-t", "tmpfs", "-o", "mode=755", "site", mountPoint)
  const entries = (directory) => readdirSync(directory).map((name) => `${directory}/${name}`)
  // A /var/qmail of the machine stays out of it: whoever removed that would take ours along.
  frame(
    "/var",
    entries("/var").filter((entry) => entry !== home)
  )
  frame("/dev", devices.filter(existsSync))
  mkdirSync(home, { recursive: true })
  mkdirSync(`${mountPoint}/qmail`)
  run("mount", "--bind", `${mountPoint}/qmail`, home)
  makeUsers(bin)
  return install(bin)
}

/** What every machine has; the rest of /dev is of no use to mail. */
const devices = ["null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm", "fd", "stdin", "stdout"]
  .concat("stderr")
  .map((name) => `/dev/${name}`)

/** A directory of our own in the place of one of the machine's, with the machine's entries in it. */
const frame = (directory, entries) => {
  const ours = join(mountPoint, directory)
  mkdirSync(ours)
  for (const entry of entries) {
    const place = join(mountPoint, entry)
    const stat = lstatSync(entry)
    if (stat.isSymbolicLink()) symlinkSync(readlinkSync(entry), place)
    else {
      if (stat.isDirectory()) mkdirSync(place)
      else writeFileSync(place, "")
      run("mount", "--rbind", entry, place)
    }
  }
  run("mount", "--rbind", ours, directory)
}

/** Those that are missing: groups stand first in what qmail-mkids prints. */
const makeUsers = (bin) => {
  const { status, stdout } = spawnSync(join(bin, "qmail-mkids"), ["-f", "passwd"], { encoding: "utf8" })
  if (status !== 0) throw new Error("qmail-mkids failed")
  const [, groups = "", users = ""] = /^# \/etc\/group\n([^#]*)# \/etc\/passwd\n([^]*)$/.exec(stdout) ?? []
  for (const [file, lines] of [
    ["/etc/group", groups],
    ["/etc/passwd", users],
    ["/etc/nsswitch.conf", ""]
  ]) {
    if (!existsSync(file)) continue
    const ours = join(mountPoint, file.replaceAll("/", "."))
    copyFileSync(file, ours)
    if (file === "/etc/nsswitch.conf") writeFileSync(ours, "passwd: files\ngroup: files\nhosts: files dns\n")
    else appendFileSync(ours, lines)
    run("mount", "--bind", ours, file)
  }
}

const installOurs = (bin) => {
  run(join(bin, "thresher"), "install", "--home", home)
  return openDoor()
}

/**
 * The kernel gives no rights to scripts, but it does to the program that a script names in its first line. Here that
 * is a set-uid env, which starts qmail-queue with nothing in its environment, as the launcher of test/interchange
 * does; nobody wants such an env on a machine that lives longer than a test.
 */
const openDoor = () => {
  const [door, program, script] = [`${mountPoint}/env`, `${home}/bin/qmail-queue`, `${home}/bin/qmail-queue.script`]
  const { gid, uid } = lstatSync(`${home}/queue`)
  copyFileSync("/usr/bin/env", door)
  chownSync(door, uid, gid)
  chmodSync(door, 0o4755)
  const [, node] = /^#!(?:\/usr\/bin\/env .*?)?(\/\S*node)(?: |\n)/.exec(readFileSync(program, "latin1"))
  renameSync(program, script)
  writeFileSync(program, `#!${door} -S -i ${node} ${script}\n`, { mode: 0o755 })
  const asNobody = { uid: 65534, gid: 65534, encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] }
  const { error, stderr } = spawnSync(program, [], asNobody)
  return error === undefined && stderr === "" ? undefined : `needs a qmail-queue for everybody: ${error ?? stderr}`
}

/** Node receives no datagrams in the file system; perl does. Each is printed in hexadecimal, until our end is closed. */
const receiver = `
use Socket;
socket(S, PF_UNIX, SOCK_DGRAM, 0) && bind(S, sockaddr_un("/dev/log")) && chmod(0666, "/dev/log") or die;
$| = 1;
print "listening\\n";
for (my $open = 1; $open;) {
  my $ready = "";
  vec($ready, fileno($_), 1) = 1 for *STDIN, *S;
  select($ready, undef, undef, undef);
  $open = !vec($ready, fileno(STDIN), 1);
  print unpack("H*", $_), "\\n" while defined recv(S, $_, 65536, MSG_DONTWAIT);
}
`
export const hasPerl = spawnSync("perl", ["-MSocket", "-e", "1"]).status === 0

/** What arrives at /dev/log while `work` is done. */
export const listening = async (work) => {
  const listener = spawn("perl", ["-e", receiver], { stdio: ["pipe", "pipe", "inherit"] })
  let heard = ""
  const ended = new Promise((resolve) => listener.on("close", resolve))
  await new Promise((resolve) => {
    listener.stdout.on("data", (piece) => resolve((heard += piece)))
    listener.on("exit", resolve)
  })
  await work()
  listener.stdin.end()
  await ended
  rmSync("/dev/log", { force: true })
  const [, ...datagrams] = heard.trimEnd().split("\n")
  return datagrams.map((line) => Buffer.from(line, "hex"))
}

const run = (...words) => {
  const { error, status, stderr } = spawnSync(words[0], words.slice(1), { encoding: "utf8" })
  if (status !== 0) throw new Error(`${words.join(" ")}: ${error ?? stderr}`)
}
