/** qmail-local: delivers one message to one local address, as its .qmail file says. */
import * as Live from "../shell/Live.ts"
import { program } from "../shell/LocalProgram.ts"
import * as Main from "../shell/Main.ts"

Main.run("qmail-local", Live.delivering(program))
