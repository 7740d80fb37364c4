/**
 * May a directory of a home be a symbolic link to one that lies elsewhere, such as on another disk?
 *
 * Root, who gives the parts of a home to their owners, would give away whatever a link leads to. So it counts only if
 * root or the owner of the home made it where nobody else can have put it in its place, or if what it leads to
 * belongs to the right account already, who gets nothing by it.
 */
export interface Facts {
  readonly linkUid: number
  /** The directory that the link is in. */
  readonly parent: { readonly uid: number; readonly mode: number }
  /** What the link leads to. */
  readonly target: { readonly kind: string; readonly uid: number }
  /** To whom this part of a home belongs. Undefined: there is no such account here. */
  readonly owner: number | undefined
  /** To whom the home itself belongs. */
  readonly homeOwner: number
}

/** Undefined: it may. */
export const objection = ({ homeOwner, linkUid, owner, parent, target }: Facts): string | undefined => {
  const isTrusted = (uid: number): boolean => uid === 0 || uid === homeOwner
  if (target.kind !== "directory") return "it is a symbolic link to no directory"
  if (!isTrusted(linkUid)) return `it is a symbolic link that uid ${linkUid} made`
  if ((parent.mode & 0o022) !== 0) return "it is a symbolic link in a directory that others may write"
  if (target.uid === owner) return undefined
  return isTrusted(target.uid) && isTrusted(parent.uid)
    ? undefined
    : `it is a symbolic link to a directory of uid ${target.uid}${owner === undefined ? "" : `, not of uid ${owner}`}`
}
