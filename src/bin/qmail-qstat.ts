/** qmail-qstat(8): counts the messages in the queue. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import * as QueuePrinting from "../shell/QueuePrinting.ts"

Main.runSync("qmail-qstat", Live.oneShot(QueuePrinting.count))
