/** config: writes the first control files from what the DNS knows about this host. */
import { config } from "../shell/programs/FirstConfiguration.ts"
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"

Main.run("config", Live.waiting(config))
