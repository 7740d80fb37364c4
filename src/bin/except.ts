/** except: turns the answer of a program round. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { except } from "../shell/programs/Asking.ts"

Main.run("except", Live.submitting(except))
