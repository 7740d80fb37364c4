/** qmail-qmtpd: receives mail by QMTP on descriptors 0 and 1. */
import * as Main from "../shell/platform/Main.ts"
import { qmtpd as program } from "../shell/programs/QmtpPrograms.ts"

Main.run("qmail-qmtpd", program)
