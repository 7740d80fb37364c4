/** qmail-qmqpc: hands a message to a QMQP server, in the place of qmail-queue. */
import * as Main from "../shell/Main.ts"
import { program } from "../shell/QmqpClient.ts"

Main.run("qmail-qmqpc", program)
