/** A sample of each control file, named as installed: comments only where the readers skip them. */
import type { ByteString } from "../Bytes.ts"
import * as Settings from "./Settings.ts"

export interface Sample {
  readonly name: string
  readonly content: ByteString
}

const contentOf = (setting: Settings.Setting): ByteString => {
  switch (setting.reader) {
    case "line":
      return `${setting.default._tag === "Literal" ? setting.default.literal : (examples[setting.name] ?? "mail.example.org")}\n`
    case "integer":
      return `${Settings.integerOr(setting, undefined, false)}\n`
    case "list":
    case "map":
      return `# ${setting.meaning}\n${(examples[setting.name] ?? setting.own?.join("\n") ?? "").replace(/^(?=.)/gm, "# ")}`
    case "cdb":
      return ""
  }
}

/** In the samples of lists these lines are comments. */
const examples: Readonly<Record<string, string>> = {
  badmailfrom: "spammer@example.net\n@example.net\n",
  classic: "0",
  defaultdomain: "example.org",
  locals: "example.org\nmail.example.org\n",
  morercpthosts: "customer.example\n",
  passwdfile: "/etc/passwd",
  percenthack: "example.org\n",
  plusdomain: "example.org",
  qmqpservers: "192.0.2.1\n",
  rcpthosts: "example.org\n.example.org\n",
  relayclients: "127.\n192.0.2.0/24\n2001:db8::/32\n",
  smtpgreeting: "mail.example.org ESMTP",
  smtproutes: "example.net:relay.example.org\n.example.com:[192.0.2.1]:26\n:smarthost.example.org\n",
  virtualdomains: "customer.example:customer\njoe@example.org:joe-home\n"
}

export const all: ReadonlyArray<Sample> = Settings.all
  .filter(({ reader }) => reader !== "cdb")
  .map((setting) => ({ name: setting.name, content: contentOf(setting) }))
