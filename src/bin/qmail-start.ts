/** qmail-start(8): turns on mail delivery. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { program } from "../shell/StartDaemons.ts"

Main.run("qmail-start", Live.waiting(program))
