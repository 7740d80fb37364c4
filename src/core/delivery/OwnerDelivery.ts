/**
 * May the one owner of a home deliver to this account?
 *
 * Where qmail-lspawn changes to the recipient's user, a home with one owner has nobody to change to: every account
 * must be the owner's own, and what belongs to another waits until somebody mends the assignments.
 *
 * From: qmail-lspawn.c, spawn(); decision 5.
 */
import type { Report } from "./SpawnReport.ts"

/** Undefined: the delivery may begin. */
export const objection = (account: { readonly uid: number }, ownerUid: number): Report | undefined =>
  account.uid === ownerUid ? undefined : "ZNot allowed to deliver as another user. (#4.3.5)\n"
