/** qmail-getpw: which account of the system controls a local part. */
import { printAccount } from "../shell/home/UserDatabase.ts"
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"

Main.run("qmail-getpw", Live.waiting(printAccount))
