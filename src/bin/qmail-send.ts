/** qmail-send(8): delivers what is in the queue. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { program } from "../shell/programs/SendProgram.ts"

Main.run("qmail-send", Live.sending(program))
