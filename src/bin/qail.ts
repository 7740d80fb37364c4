/** qail: moves new mail to the mbox and starts Mail. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { readWith } from "../shell/MboxReaders.ts"

Main.run("qail", Live.delivering(readWith("Mail")))
