/** config: writes the first control files from what the DNS knows about this host. */
import { config } from "../shell/FirstConfiguration.ts"
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"

Main.run("config", Live.waiting(config))
