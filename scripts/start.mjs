// `npm start`: makes the home ./var for the domain localhost if it is absent, says how to send a first mail, and
// becomes the server.
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = join(dirname(fileURLToPath(import.meta.url)), "..")
const home = process.env.THRESHER_VAR ?? join(root, "var")
const listen = process.env.THRESHER_LISTEN ?? "127.0.0.1:2525"
const thresher = join(root, "dist/bin/thresher")

if (!existsSync(join(home, "install.json"))) {
  const { status } = spawnSync(thresher, ["init", "--home", home, "--domain", "localhost"], { stdio: ["ignore", 2, 2] })
  if (status !== 0) process.exit(status ?? 111)
}
console.log(`When it says "ready", send a first mail from another terminal:
  printf 'Subject: hello\\n\\nIt works.\\n' | curl --crlf -T - smtp://${listen} --mail-from me@localhost --mail-rcpt you@localhost
It arrives as a file in ${join(home, "alias/Maildir/new")}/
Control-C stops the server; nothing is lost.`)
process.removeAllListeners("warning")
process.on("warning", () => {})
process.execve(thresher, [thresher, "start", "--home", home, "--listen", listen], process.env)
