// An SMTP server of the outside world: takes, defers once, or refuses by the local part, and remembers every transaction.
import net from "node:net"

/** The first attempt at `slow…` gets a 450, `bad…` a 550, `dead…` a 554 after its data; anything else is taken. */
const answerTo = (recipient, seen) => {
  const box = recipient.split("@")[0]
  if (box.startsWith("bad")) return "550 no such box"
  if (box.startsWith("slow") && !seen.has(recipient)) return "450 come back later"
  return "250 ok"
}

export const open = () =>
  new Promise((resolve) => {
    const transactions = []
    const seen = new Set()
    const server = net.createServer((socket) => {
      const said = []
      let text = ""
      let inData = false
      let recipients = []
      const say = (line) => socket.write(`${line}\r\n`)
      say("220 sink.example ESMTP")
      socket.setEncoding("latin1")
      socket.on("error", () => {})
      socket.on("end", () => socket.end())
      socket.on("close", () => transactions.push(said.join("\n")))
      socket.on("data", (piece) => {
        text += piece
        for (;;) {
          const end = inData ? text.indexOf("\r\n.\r\n") : text.indexOf("\r\n")
          if (end < 0) return
          const line = text.slice(0, end)
          text = text.slice(end + (inData ? 5 : 2))
          said.push(line)
          if (inData) {
            inData = false
            say(recipients.some((r) => r.startsWith("dead")) ? "554 not this text" : "250 taken")
            continue
          }
          const [verb] = line.toUpperCase().split(" ")
          if (verb === "MAIL") recipients = []
          if (verb === "RCPT") {
            const recipient = /<(.*)>/.exec(line)[1]
            const answer = answerTo(recipient, seen)
            seen.add(recipient)
            if (answer.startsWith("2")) recipients.push(recipient)
            say(answer)
          } else if (verb === "DATA") {
            inData = recipients.length > 0
            say(inData ? "354 go ahead" : "503 nobody to take it")
          } else if (verb === "QUIT") say("221 bye")
          else say("250 ok")
        }
      })
    })
    server.listen(0, "127.0.0.1", () =>
      resolve({
        port: server.address().port,
        transactions,
        forget: () => {
          transactions.length = 0
          seen.clear()
        },
        close: () => server.close()
      })
    )
  })
