/** qmail-tcpok: forgets which addresses timed out. */
import * as Main from "../shell/platform/Main.ts"
import * as TcpTimeoutPrograms from "../shell/programs/TcpTimeoutPrograms.ts"

Main.run("qmail-tcpok", TcpTimeoutPrograms.clear)
