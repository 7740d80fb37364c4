/** A host on loopback that plays a part: says its lines, hangs, closes or resets; for tests. */
import { createServer, type Socket } from "node:net"

/** `during`: said as soon as a part of the message has come, and nothing more is read. */
export type Act = string | "hang" | "close" | "reset" | { readonly during: string; readonly next: "hang" | "close" }

export interface ScriptedHost {
  readonly port: number
  /** Everything that was said to it. */
  readonly heard: () => string
  readonly stop: () => void
}

/**
 * Says one line for each of ours; after 354 one for the message. Then it is at its end, and does the last act.
 * `later`: what it does in all connections but the first.
 */
export const startScriptedHost = (acts: ReadonlyArray<Act>, at = 0, later = acts): Promise<ScriptedHost> =>
  new Promise((started) => {
    let heard = ""
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      const left = [...(sockets.size === 0 ? acts : later)]
      sockets.add(socket)
      socket.on("error", () => {})
      let unread = ""
      let inMessage = false
      const act = () => {
        const turn = left.shift()
        if (typeof turn === "object") {
          socket.pause()
          socket.write(`${turn.during}\r\n`)
          if (turn.next === "close") socket.destroySoon()
        } else if (turn === "close") socket.end()
        else if (turn === "reset") socket.resetAndDestroy()
        else if (turn !== undefined && turn !== "hang") {
          inMessage = turn.startsWith("354")
          socket.write(`${turn}\r\n`)
        }
      }
      act()
      socket.on("data", (bytes) => {
        heard += bytes.toString("latin1")
        unread += bytes.toString("latin1")
        if (inMessage && typeof left[0] === "object") return act()
        for (;;) {
          const mark = inMessage && !unread.startsWith(".\r\n") ? "\r\n.\r\n" : "\r\n"
          const end = unread.indexOf(mark)
          if (end < 0) return
          unread = unread.slice(end + mark.length)
          act()
        }
      })
    })
    server.listen(at, "127.0.0.1", () =>
      started({
        port: (server.address() as { port: number }).port,
        heard: () => heard,
        stop: () => {
          server.close()
          for (const socket of sockets) socket.destroy()
        }
      })
    )
  })

/** The part of a host that takes one message. */
export const well = ["220 hi", "250 hello", "250 sender", "250 recipient", "354 go", "250 queued"] as const
