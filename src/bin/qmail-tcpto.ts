/** qmail-tcpto: prints the addresses that timed out lately. */
import * as Main from "../shell/Main.ts"
import * as TcpTimeoutPrograms from "../shell/TcpTimeoutPrograms.ts"

Main.run("qmail-tcpto", TcpTimeoutPrograms.list)
