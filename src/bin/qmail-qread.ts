/** qmail-qread(8): lists the queue. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import * as QueuePrinting from "../shell/programs/QueuePrinting.ts"

Main.runSync("qmail-qread", Live.oneShot(QueuePrinting.read))
