/** qmail-mkids: prints what makes qmail's accounts and groups, as far as they are missing. Edits nothing. */
import { printAccounts } from "../shell/programs/AccountPrinting.ts"
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"

Main.run("qmail-mkids", Live.waiting(printAccounts))
