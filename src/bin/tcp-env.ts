/** tcp-env: tells a program who is connected to it, in variables. */
import * as Main from "../shell/Main.ts"
import { program } from "../shell/TcpEnv.ts"

Main.run("tcp-env", program)
