/** condredirect: sends the message on to another address if a program says so. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { condredirect } from "../shell/programs/Asking.ts"

Main.run("condredirect", Live.submitting(condredirect))
