/** config-fast: writes the first control files from one name. */
import { configFast } from "../shell/programs/FirstConfiguration.ts"
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"

Main.run("config-fast", Live.waiting(configFast))
