/** dnsmxip domain: prints the addresses that take its mail, in the order in which they are tried. */
import * as Main from "../shell/platform/Main.ts"
import * as DnsPrograms from "../shell/programs/DnsPrograms.ts"

Main.run("dnsmxip", DnsPrograms.mxip)
