/** qmail-send(8): delivers what is in the queue. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { program } from "../shell/SendProgram.ts"

Main.run("qmail-send", Live.sending(program))
