/** qmail-queue(8): puts one message into the queue. */
import * as Main from "../shell/Main.ts"
import * as QueueIntake from "../shell/QueueIntake.ts"

Main.run("qmail-queue", QueueIntake.program)
