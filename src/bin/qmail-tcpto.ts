/** qmail-tcpto: prints the addresses that timed out lately. */
import * as Main from "../shell/platform/Main.ts"
import * as TcpTimeoutPrograms from "../shell/programs/TcpTimeoutPrograms.ts"

Main.run("qmail-tcpto", TcpTimeoutPrograms.list)
