/** instcheck: says what in a home is not as it was installed. */
import * as Main from "../shell/platform/Main.ts"
import { instcheck } from "../shell/programs/SetupPrograms.ts"

Main.run("instcheck", instcheck)
