/** qmail-local: delivers one message to one local address, as its .qmail file says. */
import * as Live from "../shell/programs/Live.ts"
import { program } from "../shell/programs/LocalProgram.ts"
import * as Main from "../shell/platform/Main.ts"

Main.run("qmail-local", Live.delivering(program))
