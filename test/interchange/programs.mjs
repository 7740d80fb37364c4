// Programs of the home, run as somebody, with everything given and everything seen.
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import net from "node:net"
import * as Home from "./home.mjs"
import { normal } from "./normal.mjs"

/** Runs a program of bin with everything given and everything seen. */
export const runner =
  (trial, seen) =>
  async (label, name, args, { input = "", as = trial.joe, env = {}, cwd = as.home } = {}) => {
    const child = spawn(name.includes("/") ? name : `${trial.home}/bin/${name}`, args, {
      uid: as.uid,
      gid: as.gid,
      cwd: existsSync(cwd) ? cwd : "/",
      env: { PATH: Home.path(trial), HOME: as.home, USER: as.name, LOGNAME: as.name, ...env }
    })
    const output = ["", ""]
    child.stdout.on("data", (piece) => (output[0] += piece.toString("latin1")))
    child.stderr.on("data", (piece) => (output[1] += piece.toString("latin1")))
    child.stdin.on("error", () => {})
    child.stdin.end(Buffer.from(input, "latin1"))
    const timer = setTimeout(() => child.kill("SIGKILL"), 20000)
    const [code, signal] = await new Promise((resolve, reject) => {
      child.on("error", reject)
      child.on("close", (...ending) => resolve(ending))
    })
    clearTimeout(timer)
    const said = `exit ${code ?? signal}\n${output[0]}${output[1] === "" ? "" : `stderr: ${output[1]}`}`
    if (label !== "") seen.set(label, normal(said))
    return said
  }

/** A super-server of one connection: the program gets the socket as descriptors 0 and 1. */
export const converse = (command, { as, env, input, port = 0 }) =>
  new Promise((resolve, reject) => {
    const server = net.createServer({ pauseOnConnect: true }, (socket) => {
      server.close()
      const child = spawn(command[0], command.slice(1), {
        stdio: [socket, socket, "inherit"],
        ...(as && { uid: as.uid, gid: as.gid }),
        cwd: "/",
        env
      })
      child.on("error", reject)
      child.on("spawn", () => socket.destroy())
    })
    server.on("error", reject)
    server.listen(port, "127.0.0.1", () => {
      if (input === undefined) return resolve(server)
      let said = ""
      const client = net.connect(server.address().port, "127.0.0.1", () => client.end(Buffer.from(input, "latin1")))
      client.setTimeout(20000, () => client.destroy())
      client.on("data", (piece) => (said += piece.toString("latin1")))
      client.on("error", (error) => (said += `error ${error.code}`))
      client.on("close", () => resolve(said.replaceAll("\r\n", "\n")))
    })
  })
