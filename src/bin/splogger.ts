/** splogger: hands the log on descriptor 0 to syslog. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { log } from "../shell/SyslogPipe.ts"

Main.run("splogger", Live.homeless(log))
