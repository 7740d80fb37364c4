/** instpackage: makes the tree of a home, and copies into it what is installed there. */
import * as Main from "../shell/Main.ts"
import { instpackage } from "../shell/SetupPrograms.ts"

Main.run("instpackage", instpackage)
