/** qmail-popup: asks a POP3 client who he is, on descriptors 0 and 1. */
import * as Main from "../shell/platform/Main.ts"
import { popup as program } from "../shell/programs/Pop3Programs.ts"

Main.run("qmail-popup", program)
