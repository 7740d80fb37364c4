/** qmail-newmrh: makes control/morercpthosts.cdb from control/morercpthosts. */
import { newMoreRcptHosts } from "../shell/CdbFiles.ts"
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"

Main.runSync("qmail-newmrh", Live.oneShot(newMoreRcptHosts))
