/** qmail-tcpok: forgets which addresses timed out. */
import * as Main from "../shell/Main.ts"
import * as TcpTimeoutPrograms from "../shell/TcpTimeoutPrograms.ts"

Main.run("qmail-tcpok", TcpTimeoutPrograms.clear)
