import { assert, describe, it } from "@effect/vitest"
import * as LayoutLink from "../../../src/core/home/LayoutLink.ts"

const [root, qmailq, qmails, joe] = [0, 7, 8, 1000]
/** Root made the link in a directory of qmailq, to a directory of qmailq, where one of qmailq belongs. */
const facts: LayoutLink.Facts = {
  linkUid: root,
  parent: { uid: qmailq, mode: 0o750 },
  target: { kind: "directory", uid: qmailq },
  owner: qmailq,
  homeOwner: root
}
const inHome = { uid: root, mode: 0o755 }
const ofRoot = { kind: "directory", uid: root }

describe("LayoutLink.objection", () => {
  for (const [what, changes, objection] of [
    ["queue/mess on another disk, given to qmailq", {}, undefined],
    ["queue/info, given to qmails", { target: { kind: "directory", uid: qmails }, owner: qmails }, undefined],
    ["queue itself, still root's", { parent: inHome, target: ofRoot }, undefined],
    [
      "alias, in a home that joe made",
      {
        parent: { uid: joe, mode: 0o755 },
        target: { kind: "directory", uid: joe },
        linkUid: joe,
        owner: joe,
        homeOwner: joe
      },
      undefined
    ],
    ["a link that qmailq made", { linkUid: qmailq }, "it is a symbolic link that uid 7 made"],
    [
      "one that qmailq made to a directory of root",
      { linkUid: qmailq, target: ofRoot },
      "it is a symbolic link that uid 7 made"
    ],
    [
      "one that root made, and qmailq may have put in another's place",
      { target: ofRoot },
      "it is a symbolic link to a directory of uid 0, not of uid 7"
    ],
    [
      "a directory of somebody else",
      { parent: inHome, target: { kind: "directory", uid: joe } },
      "it is a symbolic link to a directory of uid 1000, not of uid 7"
    ],
    [
      "where a group may write",
      { parent: { uid: root, mode: 0o775 } },
      "it is a symbolic link in a directory that others may write"
    ],
    [
      "where everybody may write",
      { parent: { uid: root, mode: 0o1777 } },
      "it is a symbolic link in a directory that others may write"
    ],
    ["a file", { target: { kind: "file", uid: qmailq } }, "it is a symbolic link to no directory"]
  ] as const)
    it(`${what}: ${objection ?? "may be"}`, () =>
      assert.strictEqual(LayoutLink.objection({ ...facts, ...changes }), objection))
})
