/** instpackage: makes the tree of a home, and copies into it what is installed there. */
import * as Main from "../shell/platform/Main.ts"
import { instpackage } from "../shell/programs/SetupPrograms.ts"

Main.run("instpackage", instpackage)
