/** pinq: moves new mail to the mbox and starts pine. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { readWith } from "../shell/MboxReaders.ts"

Main.run("pinq", Live.delivering(readWith("pine")))
