// A private Postfix, for figures side by side: Debian's package, extracted (not installed) below the temporary directory.
// It listens on a loopback port, and all it writes lies below one directory. The machine's own mail is not touched: no
// package is installed, no account is made (the existing accounts `mail` and `nobody`, and the group `games`, serve).
// Needs root, because master(8) does, and apt-get to fetch the package the first time.
import { execFileSync, spawn } from "node:child_process"
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import net from "node:net"
import { sleep } from "./statistics.mjs"

const root = join(tmpdir(), "thresher-bench-postfix")
const libraries = [
  join(root, "usr/lib/postfix"),
  join(root, "usr/lib/x86_64-linux-gnu"),
  join(root, "usr/lib/aarch64-linux-gnu")
]
const env = { ...process.env, LD_LIBRARY_PATH: libraries.join(":") }

/**
 * Modes, each what Debian's defaults give but for the one thing that is measured:
 *   hold   accept only; every message rests in the hold queue, and the intake is not slowed for a queue manager's sake
 *   local  accept, and deliver to `maildir` through local(8); the recipient is bench@local.test
 *   relay  accept, and send everything to the sink at `sinkPort`
 */
export const startPostfix = async (below, mode, sinkPort) => {
  if (process.getuid() !== 0) throw new Error("Postfix needs root")
  obtain()
  const directory = mkdtempSync(join(below, `postfix-${mode}-`))
  chmodSync(directory, 0o755)
  const port = await freePort()
  const { maildir } = layOut(directory)
  writeFileSync(join(directory, "etc/main.cf"), mainCf(directory, maildir, mode, sinkPort))
  writeFileSync(join(directory, "etc/master.cf"), masterCf(port))
  const log = join(directory, "log/mail.log")
  const config = join(directory, "etc")
  const master = spawn(join(root, "usr/lib/postfix/sbin/master"), ["-c", config, "-d"], {
    env: { ...env, MAIL_CONFIG: config },
    detached: true,
    stdio: "ignore"
  })
  const ended = new Promise((resolve) => master.on("exit", resolve))
  if (!(await answers(port))) {
    throw new Error(`Postfix did not open port ${port}: ${existsSync(log) ? readFileSync(log, "utf8") : "no log"}`)
  }
  return {
    name: "postfix",
    port,
    pid: master.pid,
    maildir,
    sendmail: { path: join(root, "usr/sbin/sendmail"), env: { ...env, MAIL_CONFIG: config } },
    stop: async () => {
      master.kill("SIGTERM")
      await ended
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

export const freePort = () =>
  new Promise((resolve) => {
    const probe = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })

/** Whether something accepts connections there within ten seconds. */
const answers = async (port) => {
  for (let attempt = 0; attempt < 100; attempt++) {
    const open = await new Promise((resolve) => {
      const socket = net.connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false))
      socket.on("connect", () => socket.destroy())
    })
    if (open) return true
    await sleep(100)
  }
  return false
}

/** Extracts the package, and those of the libraries it needs that the machine lacks. */
const obtain = () => {
  const programs = ["smtpd", "cleanup", "qmgr", "local", "smtp"].map((name) => join(root, "usr/lib/postfix/sbin", name))
  if (!programs.every((path) => existsSync(path))) fetchPackages(["postfix"])
  const lacking = () => execFileSync("ldd", programs, { env, encoding: "utf8" }).includes("not found")
  if (!lacking()) return
  const depends = execFileSync("apt-cache", ["depends", "postfix"], { encoding: "utf8" })
  fetchPackages([...depends.matchAll(/^\s+(?:Pre)?Depends: (lib\S+)$/gm)].map(([, name]) => name))
  if (lacking()) throw new Error("libraries of Postfix are missing")
}

const fetchPackages = (names) => {
  const folder = mkdtempSync(join(tmpdir(), "thresher-bench-deb-"))
  const inFolder = { cwd: folder, stdio: "ignore" }
  // apt fetches as its own account when it can enter the folder.
  chmodSync(folder, 0o777)
  try {
    execFileSync("apt-get", ["download", ...names], inFolder)
  } catch {
    execFileSync("apt-get", ["update"], inFolder)
    execFileSync("apt-get", ["download", ...names], inFolder)
  }
  mkdirSync(root, { recursive: true })
  execFileSync("sh", ["-c", 'for deb in *.deb; do dpkg -x "$deb" "$0"; done', root], inFolder)
  rmSync(folder, { recursive: true })
}

/** The directories that the package's own script would make, with the owners that Postfix insists on. */
const layOut = (directory) => {
  const [mail, games, nobody] = ["mail", "games", "nobody"].map(idOf)
  const made = (path, owner, group, mode) => {
    mkdirSync(join(directory, path), { recursive: true })
    chownSync(join(directory, path), owner, group)
    chmodSync(join(directory, path), mode)
  }
  for (const path of ["etc", "log", "queue", "queue/pid"]) made(path, 0, 0, 0o755)
  made("data", mail, mail, 0o700)
  const owned = "incoming active deferred bounce defer flush trace hold corrupt saved private".split(" ")
  for (const name of owned) made(`queue/${name}`, mail, 0, 0o700)
  made("queue/maildrop", mail, games, 0o730)
  made("queue/public", mail, games, 0o710)
  for (const path of ["Maildir", "Maildir/tmp", "Maildir/new", "Maildir/cur"]) made(path, nobody, nobody, 0o755)
  return { maildir: join(directory, "Maildir") }
}

/** A user's number, or the group's of that name. */
const idOf = (name) =>
  Number(execFileSync("getent", [name === "games" ? "group" : "passwd", name], { encoding: "utf8" }).split(":")[2])

const mainCf = (directory, maildir, mode, sinkPort) =>
  `compatibility_level = 3.6
command_directory = ${root}/usr/sbin
daemon_directory = ${root}/usr/lib/postfix/sbin
shlib_directory = ${root}/usr/lib/postfix
meta_directory = ${directory}/etc
queue_directory = ${directory}/queue
data_directory = ${directory}/data
maillog_file = ${directory}/log/mail.log
maillog_file_prefixes = ${directory}
import_environment = MAIL_CONFIG TZ LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME LD_LIBRARY_PATH
export_environment = TZ MAIL_CONFIG LANG LD_LIBRARY_PATH
mail_owner = mail
setgid_group = games
default_privs = nobody
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = postfix.test
mydestination = local.test
mynetworks = 127.0.0.0/8
alias_maps = inline:{ bench=${maildir}/ }
alias_database =
local_recipient_maps =
mailbox_size_limit = 0
message_size_limit = 0
smtpd_tls_security_level = none
smtp_tls_security_level = none
disable_dns_lookups = yes
smtpd_relay_restrictions = permit_mynetworks, reject
${modeLines[mode](sinkPort)}
`

const modeLines = {
  hold: () =>
    "smtpd_recipient_restrictions = check_recipient_access static:HOLD, permit_mynetworks, reject\nin_flow_delay = 0",
  local: () => "",
  relay: (sinkPort) => `relayhost = [127.0.0.1]:${sinkPort}`
}

/** Debian's master.cf without chroot, and without what these figures have no use for. */
const masterCf = (port) => `127.0.0.1:${port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`
