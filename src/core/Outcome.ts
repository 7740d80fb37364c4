/** Success, temporary or permanent failure: the three letters, the exit codes, and which errno is which. */

export type Outcome = "success" | "temporary" | "permanent"

/** The first byte of a report or of a queue status. */
export type Letter = "K" | "Z" | "D"

export const letterOf = { success: "K", temporary: "Z", permanent: "D" } as const satisfies Record<Outcome, Letter>
export const outcomeOf = { K: "success", Z: "temporary", D: "permanent" } as const satisfies Record<Letter, Outcome>

export type ExitCode = number
export const exitSuccess: ExitCode = 0
export const exitPermanent: ExitCode = 100
export const exitTemporary: ExitCode = 111

/** An error name of the system, such as `ENOENT`. */
export type Errno = string

/** May the same call work later? (qmail's error_temp.c) */
export const isTemporary = (errno: Errno): boolean => temporaryErrnos.has(errno)

/** What the error is called in a message. (qmail's error_str.c) */
export const systemText = (errno: Errno): string => texts[errno] ?? "unknown error"

const temporaryErrnos: ReadonlySet<Errno> = new Set([
  "EINTR",
  "ENOMEM",
  "ETXTBSY",
  "EIO",
  "ETIMEDOUT",
  "EWOULDBLOCK",
  "EAGAIN",
  "EDEADLK",
  "EBUSY",
  "ENFILE",
  "EMFILE",
  "EFBIG",
  "ENOSPC",
  "ENETDOWN",
  "ENETUNREACH",
  "ENETRESET",
  "ECONNABORTED",
  "ECONNRESET",
  "ENOBUFS",
  "ETOOMANYREFS",
  "ECONNREFUSED",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "EPROCLIM",
  "EUSERS",
  "EDQUOT",
  "ESTALE",
  "ENOLCK"
])

const texts: Readonly<Record<Errno, string>> = {
  EINTR: "interrupted system call",
  ENOMEM: "out of memory",
  ENOENT: "file does not exist",
  ETXTBSY: "text busy",
  EIO: "input/output error",
  EEXIST: "file already exists",
  ETIMEDOUT: "timed out",
  EINPROGRESS: "operation in progress",
  EWOULDBLOCK: "temporary failure",
  EAGAIN: "temporary failure",
  EPIPE: "broken pipe",
  EPERM: "permission denied",
  EACCES: "access denied",
  ENODEV: "device does not support operation",
  EPROTO: "protocol error",
  EISDIR: "is a directory",
  ESRCH: "no such process",
  E2BIG: "argument list too long",
  ENOEXEC: "exec format error",
  EBADF: "file descriptor not open",
  ECHILD: "no child processes",
  EDEADLK: "operation would cause deadlock",
  EFAULT: "bad address",
  ENOTBLK: "not a block device",
  EBUSY: "device busy",
  EXDEV: "cross-device link",
  ENXIO: "device not configured",
  ENOTDIR: "not a directory",
  EINVAL: "invalid argument",
  ENFILE: "system cannot open more files",
  EMFILE: "process cannot open more files",
  ENOTTY: "not a tty",
  EFBIG: "file too big",
  ENOSPC: "out of disk space",
  ESPIPE: "unseekable descriptor",
  EROFS: "read-only file system",
  EMLINK: "too many links",
  EDOM: "input out of range",
  ERANGE: "output out of range",
  EALREADY: "operation already in progress",
  ENOTSOCK: "not a socket",
  EDESTADDRREQ: "destination address required",
  EMSGSIZE: "message too long",
  EPROTOTYPE: "incorrect protocol type",
  ENOPROTOOPT: "protocol not available",
  ESOCKTNOSUPPORT: "socket type not supported",
  EPFNOSUPPORT: "protocol family not supported",
  ENONET: "machine not on network",
  EPROTONOSUPPORT: "protocol not supported",
  EOPNOTSUPP: "operation not supported",
  EAFNOSUPPORT: "address family not supported",
  EADDRINUSE: "address already used",
  EADDRNOTAVAIL: "address not available",
  ENETDOWN: "network down",
  ENETUNREACH: "network unreachable",
  ENETRESET: "network reset",
  ECONNABORTED: "connection aborted",
  ECONNRESET: "connection reset",
  ENOBUFS: "out of buffer space",
  EISCONN: "already connected",
  ENOTCONN: "not connected",
  ESHUTDOWN: "socket shut down",
  ETOOMANYREFS: "too many references",
  ECONNREFUSED: "connection refused",
  ELOOP: "symbolic link loop",
  ENAMETOOLONG: "file name too long",
  EHOSTDOWN: "host down",
  EHOSTUNREACH: "host unreachable",
  ENOTEMPTY: "directory not empty",
  EUSERS: "too many users",
  EDQUOT: "disk quota exceeded",
  ESTALE: "stale NFS file handle",
  ENOLCK: "no locks available",
  ENOSYS: "system call not available"
}
