/** qmail-newu: makes users/cdb from users/assign. */
import { newUsers } from "../shell/home/CdbFiles.ts"
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"

Main.runSync("qmail-newu", Live.oneShot(newUsers))
