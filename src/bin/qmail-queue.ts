/** qmail-queue(8): puts one message into the queue. */
import * as Main from "../shell/platform/Main.ts"
import * as QueueIntake from "../shell/programs/QueueIntake.ts"

Main.run("qmail-queue", QueueIntake.program)
