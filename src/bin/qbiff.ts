/** qbiff: tells a user on his terminals that mail has come. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { qbiff } from "../shell/TerminalNotices.ts"

Main.runSync("qbiff", Live.oneShot(qbiff))
