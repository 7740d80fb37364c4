/** qmail-qmqpd: receives mail by QMQP, for authorized clients, on descriptors 0 and 1. */
import * as Main from "../shell/platform/Main.ts"
import { qmqpd as program } from "../shell/programs/QmtpPrograms.ts"

Main.run("qmail-qmqpd", program)
