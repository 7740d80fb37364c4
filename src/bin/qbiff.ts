/** qbiff: tells a user on his terminals that mail has come. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { qbiff } from "../shell/programs/TerminalNotices.ts"

Main.runSync("qbiff", Live.oneShot(qbiff))
