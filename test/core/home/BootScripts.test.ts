import { assert, describe, it } from "@effect/vitest"
import * as BootScripts from "../../../src/core/home/BootScripts.ts"

const scripts = new Map(BootScripts.all("/var/qmail").map(({ content, name }) => [name, content]))
/** Without what is said to people. */
const command = (content: string) => content.replace(/^#.*\n/gm, "").trim()
const line = (name: string) => /^qmail-start '(.*)' \\$/ms.exec(command(scripts.get(name)!))![1]

describe("BootScripts.all", () => {
  it("starts qmail-start with nothing but PATH in its environment, and splogger behind it", () =>
    assert.strictEqual(
      command(scripts.get("home")!),
      `exec env - PATH="/var/qmail/bin:$PATH" \\\nqmail-start './Mailbox' \\\nsplogger qmail`
    ))
  for (const [name, delivery] of [
    ["home", "./Mailbox"],
    ["proc", "|preline procmail"],
    ["binm1", '|preline -f /usr/libexec/mail.local -r "${SENDER:-MAILER-DAEMON}" -d "$USER"'],
    ["binm2", '|preline -f /bin/mail -r "${SENDER:-MAILER-DAEMON}" -d "$USER"'],
    ["binm3", '|preline -f /bin/mail -f "${SENDER:-MAILER-DAEMON}" -d "$USER"']
  ] as const)
    it(`${name} delivers by ${delivery}; ${name}+df asks .forward first`, () => {
      assert.strictEqual(line(name), delivery)
      assert.strictEqual(line(`${name}+df`), `|dot-forward .forward\n${delivery}`)
    })
  it("are ten", () => assert.strictEqual(scripts.size, 10))
  it("another home stands in PATH, quoted for the shell, and in no other variable: its programs know it", () => {
    const { content } = BootScripts.all(`/srv/q"$mail`)[0]!
    assert.include(content, 'env - PATH="/srv/q\\"\\$mail/bin:$PATH"')
  })
})
