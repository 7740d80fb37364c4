/** instchown: gives everything in a home its owner, group and mode. */
import * as Main from "../shell/Main.ts"
import { instchown } from "../shell/SetupPrograms.ts"

Main.run("instchown", instchown)
