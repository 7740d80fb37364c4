/** elq: moves new mail to the mbox and starts elm. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { readWith } from "../shell/MboxReaders.ts"

Main.run("elq", Live.delivering(readWith("elm")))
