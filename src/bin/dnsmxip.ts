/** dnsmxip domain: prints the addresses that take its mail, in the order in which they are tried. */
import * as Main from "../shell/Main.ts"
import * as DnsPrograms from "../shell/DnsPrograms.ts"

Main.run("dnsmxip", DnsPrograms.mxip)
