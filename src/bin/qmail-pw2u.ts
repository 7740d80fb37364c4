/** qmail-pw2u: makes assignments of users/assign from a passwd file. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { convert } from "../shell/PasswdConversion.ts"

Main.runSync("qmail-pw2u", Live.oneShot(convert))
