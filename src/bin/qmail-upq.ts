/** qmail-upq(8): sorts the files of a queue into the subdirectories of another split. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { upgrade } from "../shell/programs/QueueUpgrade.ts"

Main.runSync("qmail-upq", Live.oneShot(upgrade))
