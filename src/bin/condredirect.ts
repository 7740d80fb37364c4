/** condredirect: sends the message on to another address if a program says so. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { condredirect } from "../shell/Asking.ts"

Main.run("condredirect", Live.submitting(condredirect))
