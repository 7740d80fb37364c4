/** qmail-qmqpc: hands a message to a QMQP server, in the place of qmail-queue. */
import * as Main from "../shell/platform/Main.ts"
import { program } from "../shell/programs/QmqpClient.ts"

Main.run("qmail-qmqpc", program)
