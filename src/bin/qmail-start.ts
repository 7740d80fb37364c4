/** qmail-start(8): turns on mail delivery. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { program } from "../shell/programs/StartDaemons.ts"

Main.run("qmail-start", Live.waiting(program))
