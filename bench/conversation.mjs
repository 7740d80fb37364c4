// One SMTP conversation as a client: a command out, its reply in.
import net from "node:net"

export class Conversation {
  #socket
  #rest = ""
  #waiting = []
  #early = []
  #over = null

  /** Resolves when the server has said 220. */
  static async open(port, from = {}) {
    const it = new Conversation(net.connect({ host: "127.0.0.1", port, noDelay: true, ...from }))
    await it.expect("220")
    return it
  }

  constructor(socket) {
    this.#socket = socket
    socket.setEncoding("latin1")
    socket.on("data", (chunk) => this.#read(chunk))
    socket.on("error", (error) => this.#end(error.code ?? error.message))
    socket.on("close", () => this.#end("connection closed"))
  }

  /** Sends bytes; returns the last line of the next reply. */
  say(bytes) {
    this.#socket.write(bytes)
    return this.reply()
  }

  reply() {
    const line = this.#early.shift()
    if (line !== undefined) return Promise.resolve(line)
    if (this.#over !== null) return Promise.reject(new Error(this.#over))
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Waits for a reply with this code; any other is an error that quotes it. */
  async expect(code, bytes) {
    const line = bytes === undefined ? await this.reply() : await this.say(bytes)
    if (!line.startsWith(code)) throw new Error(line)
    return line
  }

  close() {
    this.#socket.destroy()
  }

  #read(chunk) {
    const lines = (this.#rest + chunk).split("\n")
    this.#rest = lines.pop()
    for (const line of lines) {
      if (line[3] === "-") continue
      const waiter = this.#waiting.shift()
      if (waiter === undefined) this.#early.push(line.trimEnd())
      else waiter.resolve(line.trimEnd())
    }
  }

  #end(reason) {
    this.#over ??= reason
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(this.#over))
  }
}
