import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as AuthorCheck from "../../../src/core/header/AuthorCheck.ts"
import * as SubmissionOptions from "../../../src/core/header/SubmissionOptions.ts"

const checked = (environment: Readonly<Record<string, string>>) =>
  AuthorCheck.checked(SubmissionOptions.parse([], { USER: "joe", ...environment }))

describe("AuthorCheck.checked", () => {
  for (const [variable, what] of [
    ["QMAILUSER", "user"],
    ["MAILUSER", "user"],
    ["QMAILHOST", "host"],
    ["MAILHOST", "host"],
    ["QMAILSUSER", "user of the sender"],
    ["QMAILSHOST", "host of the sender"],
    ["QMAILDEFAULTDOMAIN", "default domain"],
    ["QMAILDEFAULTHOST", "default host"],
    ["QMAILPLUSDOMAIN", "plus domain"],
    ["QMAILIDHOST", "host of message IDs"]
  ] as const)
    it(`${variable} with a line end is refused`, () => {
      for (const end of ["\n", "\r", "\0", "\x7f", "\x1b"])
        assert.deepStrictEqual(
          checked({ [variable]: `x${end}Bcc: y` }),
          Result.fail(`control character in the ${what}: x?Bcc: y`)
        )
      assert.isTrue(Result.isSuccess(checked({ [variable]: "x\xe4" })))
    })

  for (const [name, shown] of [
    ["Joe", "Joe"],
    ["Joe\nBcc: x", "Joe Bcc: x"],
    ["Joe\r\n", "Joe"],
    ["J\xf6e \t", "J\xf6e"],
    ["\x07", undefined],
    ["", undefined]
  ] as const)
    it(`the name ${JSON.stringify(name)} is shown as ${shown ?? "none"}`, () => {
      for (const variable of ["QMAILNAME", "MAILNAME", "NAME"])
        assert.strictEqual(Result.getOrThrow(checked({ [variable]: name })).author.fullName, shown)
    })
})
