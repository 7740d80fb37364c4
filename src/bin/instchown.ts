/** instchown: gives everything in a home its owner, group and mode. */
import * as Main from "../shell/platform/Main.ts"
import { instchown } from "../shell/programs/SetupPrograms.ts"

Main.run("instchown", instchown)
