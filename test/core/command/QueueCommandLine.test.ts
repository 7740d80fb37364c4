import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as CommandLine from "../../../src/core/command/CommandLine.ts"
import type { QueueOrder } from "../../../src/core/command/QueueCommandLine.ts"

const parse = (words: string) => CommandLine.parse(["queue", ...words.split(" ").filter((word) => word !== "")])

describe("thresher queue", () => {
  for (const [words, order] of [
    ["list", { _tag: "List", choice: {}, json: false }],
    ["list --json --older 2h", { _tag: "List", choice: { olderThan: 7200 }, json: true }],
    ["show 53 #54", { _tag: "Show", choice: { ids: new Set(["53", "54"]) }, json: false }],
    ["retry --all", { _tag: "Steer", verb: "retry", reason: "", choice: {}, json: false }],
    [
      "hold --host .example.org --newer 90s",
      { _tag: "Steer", verb: "hold", reason: "", choice: { host: ".example.org", youngerThan: 90 }, json: false }
    ],
    ["release --held", { _tag: "Steer", verb: "release", reason: "", choice: { held: true }, json: false }],
    [
      "bounce --reason gone --recipient <joe@x> --sender <>",
      { _tag: "Steer", verb: "bounce", reason: "gone", choice: { recipient: "joe@x", sender: "" }, json: false }
    ],
    [
      "delete 18446744073709551615 --reason=spam",
      { _tag: "Steer", verb: "delete", reason: "spam", choice: { ids: new Set(["18446744073709551615"]) }, json: false }
    ],
    ["export out --all", { _tag: "Export", directory: "out", keep: false, choice: {}, json: false }],
    [
      "export out 7 --keep --older 1w",
      { _tag: "Export", directory: "out", keep: true, choice: { ids: new Set(["7"]), olderThan: 604800 }, json: false }
    ],
    ["import out --json", { _tag: "Import", directory: "out", json: true }]
  ] as ReadonlyArray<readonly [string, QueueOrder]>)
    it(words, () => assert.deepStrictEqual(parse(words), Result.succeed({ _tag: "Queue", order })))

  const choice = "wants message numbers, --sender, --recipient, --host, --older, --newer, --held or --all"
  for (const [words, complaint] of [
    ["", "queue wants one of list, show, retry, hold, release, bounce, delete, export, import"],
    ["flush", "queue cannot flush"],
    ["show", `queue show ${choice}`],
    ["retry", `queue retry ${choice}`],
    ["delete --reason spam", `queue delete ${choice}`],
    ["export out", `queue export ${choice}`],
    ["delete 53", "queue delete wants --reason TEXT"],
    ["bounce --all --reason=", "queue bounce wants --reason TEXT"],
    ["retry 53 --reason impatience", "queue retry takes no --reason"],
    ["retry --held", "queue retry takes no --held"],
    ["list --all", "queue list takes no --all"],
    ["hold 53 --keep", "queue hold takes no --keep"],
    ["import out --sender joe@x", "queue import takes no --sender"],
    ["import out --keep", "queue import takes no --keep"],
    ["hold 53 --all", "--all and a choice of messages contradict each other"],
    ["hold --sender a@x --sender b@x", "--sender more than once"],
    ["hold 5x", "not a message number: 5x"],
    ["hold 053", "not a message number: 053"],
    ["list --older 30", "--older wants an age like 90s, 30m, 2h, 3d or 1w, not 30"],
    ["list --newer 2y", "--newer wants an age like 90s, 30m, 2h, 3d or 1w, not 2y"],
    ["export", "queue export wants a directory"],
    ["import", "queue import wants a directory"],
    ["import out 53", "unexpected argument: 53"],
    ["list --fast", "unknown option: --fast"]
  ] as const)
    it(`${words}: ${complaint}`, () => assert.deepStrictEqual(parse(words), Result.fail(complaint)))
})
