/** qmail-pw2u: makes assignments of users/assign from a passwd file. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { convert } from "../shell/programs/PasswdConversion.ts"

Main.runSync("qmail-pw2u", Live.oneShot(convert))
