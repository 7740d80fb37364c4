/** qreceipt(1): answers a message that asks to be told of its delivery. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { sendReceipt } from "../shell/ReceiptSender.ts"

Main.run("qreceipt", Live.submitting(sendReceipt))
