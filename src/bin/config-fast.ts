/** config-fast: writes the first control files from one name. */
import { configFast } from "../shell/FirstConfiguration.ts"
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"

Main.run("config-fast", Live.waiting(configFast))
