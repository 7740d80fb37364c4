/** thresher COMMAND: makes a home, runs the server in it, looks after it. */
import * as DiskThreadLife from "../shell/server/DiskThreadLife.ts"
import * as Main from "../shell/platform/Main.ts"
import { program } from "../shell/programs/ThresherProgram.ts"

Main.runServer("thresher", program, DiskThreadLife.run)
