/** splogger: hands the log on descriptor 0 to syslog. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { log } from "../shell/programs/SyslogPipe.ts"

Main.run("splogger", Live.homeless(log))
