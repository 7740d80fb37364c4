/** qmail-getpw: which account of the system controls a local part. */
import { printAccount } from "../shell/UserDatabase.ts"
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"

Main.run("qmail-getpw", Live.waiting(printAccount))
