/** instcheck: says what in a home is not as it was installed. */
import * as Main from "../shell/Main.ts"
import { instcheck } from "../shell/SetupPrograms.ts"

Main.run("instcheck", instcheck)
