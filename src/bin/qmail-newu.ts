/** qmail-newu: makes users/cdb from users/assign. */
import { newUsers } from "../shell/CdbFiles.ts"
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"

Main.runSync("qmail-newu", Live.oneShot(newUsers))
