/** qmail-newmrh: makes control/morercpthosts.cdb from control/morercpthosts. */
import { newMoreRcptHosts } from "../shell/home/CdbFiles.ts"
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"

Main.runSync("qmail-newmrh", Live.oneShot(newMoreRcptHosts))
