/** pinq: moves new mail to the mbox and starts pine. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { readWith } from "../shell/programs/MboxReaders.ts"

Main.run("pinq", Live.delivering(readWith("pine")))
