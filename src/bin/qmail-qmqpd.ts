/** qmail-qmqpd: receives mail by QMQP, for authorized clients, on descriptors 0 and 1. */
import * as Main from "../shell/Main.ts"
import { qmqpd as program } from "../shell/QmtpPrograms.ts"

Main.run("qmail-qmqpd", program)
