/** qmail-qstat(8): counts the messages in the queue. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import * as QueuePrinting from "../shell/programs/QueuePrinting.ts"

Main.runSync("qmail-qstat", Live.oneShot(QueuePrinting.count))
