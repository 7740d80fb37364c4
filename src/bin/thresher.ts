/** thresher COMMAND: makes a home, runs the server in it, looks after it. */
import * as DiskThreadLife from "../shell/DiskThreadLife.ts"
import * as Main from "../shell/Main.ts"
import { program } from "../shell/ThresherProgram.ts"

Main.runServer("thresher", program, DiskThreadLife.run)
