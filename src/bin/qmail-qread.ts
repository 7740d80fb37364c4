/** qmail-qread(8): lists the queue. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import * as QueuePrinting from "../shell/QueuePrinting.ts"

Main.runSync("qmail-qread", Live.oneShot(QueuePrinting.read))
