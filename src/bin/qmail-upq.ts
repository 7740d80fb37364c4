/** qmail-upq(8): sorts the files of a queue into the subdirectories of another split. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { upgrade } from "../shell/QueueUpgrade.ts"

Main.runSync("qmail-upq", Live.oneShot(upgrade))
