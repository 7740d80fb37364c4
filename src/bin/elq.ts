/** elq: moves new mail to the mbox and starts elm. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { readWith } from "../shell/programs/MboxReaders.ts"

Main.run("elq", Live.delivering(readWith("elm")))
