/**
 * A disk in memory that forgets what was not synced. It keeps two states of everything: what a running program
 * sees, and what is there after the power was cut. It may lose or keep each unsynced directory entry and each
 * unsynced content, or tear the content in half; it never invents bytes, and never loses what was synced.
 * Inode numbers are used again at once, as ext4 does.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type ByteString, concat, empty, fromChunk, toChunk } from "../../core/Bytes.ts"
import type { Errno } from "../../core/Outcome.ts"
import { type FileCalls, type FileKind, Files, FilesError, type OpenHow } from "../platform/Files.ts"
import { type Descriptor, type Node, parts, Refusal, statOf } from "./MemoryNodes.ts"

/** The power was cut: a defect, so that no error handling of the code under test can survive it. */
export class PowerCut extends Error {
  override readonly name = "PowerCut"
}

/** Counts the effects (calls that change something or make it durable) and may fail or stop at one of them. */
export class MemoryDisk {
  /** Effects performed so far; reads do not count. */
  effects = 0
  /** The power is cut instead of this effect. */
  cutAt = Infinity
  /** Asked before each effect: an errno makes it fail. */
  fault: (operation: string, path: ByteString) => Errno | undefined = () => undefined
  /** What was done, when `traced` is set: for reading a failed simulation. */
  trace: Array<string> | undefined = undefined
  isDown = false
  owner = { uid: 1000, gid: 1000 }
  #nextFd = 1000
  readonly #descriptors = new Map<number, Descriptor>()
  readonly #inodes = new Set<number>()
  #root: Node

  constructor() {
    this.#root = this.#node("directory", 0o755, 0)
  }

  #node(kind: FileKind, mode: number, now: number): Node {
    let inode = 1
    while (this.#inodes.has(inode)) inode++
    this.#inodes.add(inode)
    return {
      inode,
      kind,
      content: empty,
      durableContent: undefined,
      entries: new Map(),
      durableEntries: new Map(),
      target: "",
      mode,
      uid: this.owner.uid,
      gid: this.owner.gid,
      mtime: now,
      atime: now,
      openCount: 0
    }
  }

  /** Makes directories that are durable from the start. */
  makeDirectories(path: ByteString, now = 0): void {
    let at = this.#root
    for (const name of parts(path)) {
      let next = at.entries.get(name)
      if (next === undefined) {
        next = this.#node("directory", 0o755, now)
        at.entries.set(name, next)
        at.durableEntries.set(name, next)
      }
      at = next
    }
  }

  /** Makes a file that is durable from the start. */
  makeFile(path: ByteString, content: ByteString | Uint8Array, mode = 0o644, now = 0, kind: FileKind = "file"): void {
    const names = parts(path)
    const name = names.pop()!
    this.makeDirectories(names.join("/"), now)
    const directory = this.#find(names.join("/"))
    const node = this.#node(kind, mode, now)
    node.content = typeof content === "string" ? toChunk(content) : content
    node.durableContent = node.content
    directory.entries.set(name, node)
    directory.durableEntries.set(name, node)
  }

  /** Every path with its content; directories end with a slash. For looking, not for programs. */
  snapshot(below = ""): ReadonlyMap<ByteString, ByteString> {
    const found = new Map<ByteString, ByteString>()
    const walk = (node: Node, path: ByteString): void => {
      for (const [name, child] of [...node.entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const at = `${path}/${name}`
        if (child.kind === "directory") {
          found.set(`${at}/`, "")
          walk(child, at)
        } else found.set(at, fromChunk(child.content))
      }
    }
    try {
      walk(this.#find(below), below.replace(/\/+$/, ""))
    } catch {
      return found
    }
    return found
  }

  /** A file's inode number, or undefined. */
  inodeOf(path: ByteString): string | undefined {
    try {
      return String(this.#find(path).inode)
    } catch {
      return undefined
    }
  }

  /**
   * The machine restarts. For everything unsynced `keep` is asked once whether it reached the disk all the same:
   * `() => false` is the worst case, a seeded coin the general one.
   */
  restart(keep: () => boolean): void {
    const seen = new Set<Node>()
    const settle = (directory: Node): void => {
      if (seen.has(directory)) return
      seen.add(directory)
      const after = new Map(directory.durableEntries)
      for (const [name, node] of directory.entries)
        if (directory.durableEntries.get(name) !== node && keep()) after.set(name, node)
      for (const name of directory.durableEntries.keys()) if (!directory.entries.has(name) && keep()) after.delete(name)
      directory.entries = after
      directory.durableEntries = new Map(after)
      for (const node of after.values()) {
        if (node.kind === "directory") settle(node)
        else if (!seen.has(node)) {
          seen.add(node)
          if (node.durableContent !== node.content && !keep())
            node.content = node.durableContent ?? node.content.slice(0, node.content.length >> 1)
          node.durableContent = node.content
          node.openCount = 0
        }
      }
    }
    settle(this.#root)
    this.#inodes.clear()
    for (const node of seen) this.#inodes.add(node.inode)
    this.#descriptors.clear()
    this.isDown = false
    this.cutAt = Infinity
  }

  /** One effect: counted, possibly failing, possibly the one at which the power is cut. */
  #effect<A>(operation: string, path: ByteString, perform: (now: number) => A): Effect.Effect<A, FilesError> {
    return Effect.flatMap(Clock.currentTimeMillis, (millis) => {
      if (this.isDown || this.effects >= this.cutAt) {
        this.isDown = true
        return Effect.die(new PowerCut(`at effect ${this.effects}: ${operation} ${path}`))
      }
      this.effects++
      const errno = this.fault(operation, path)
      if (errno !== undefined) return Effect.fail(new FilesError({ operation, path, errno }))
      this.trace?.push(`${this.effects} ${operation} ${path}`)
      return this.#try(operation, path, () => perform(millis / 1000))
    })
  }

  #look<A>(operation: string, path: ByteString, perform: (now: number) => A): Effect.Effect<A, FilesError> {
    return Effect.flatMap(Clock.currentTimeMillis, (millis) => {
      if (this.isDown) return Effect.die(new PowerCut(`${operation} ${path}`))
      const errno = this.fault(operation, path)
      if (errno !== undefined) return Effect.fail(new FilesError({ operation, path, errno }))
      return this.#try(operation, path, () => perform(millis / 1000))
    })
  }

  #try<A>(operation: string, path: ByteString, perform: () => A): Effect.Effect<A, FilesError> {
    try {
      return Effect.succeed(perform())
    } catch (cause) {
      return cause instanceof Refusal
        ? Effect.fail(new FilesError({ operation, path, errno: cause.errno }))
        : Effect.die(cause)
    }
  }

  #find(path: ByteString, followLast = true, depth = 0): Node {
    if (depth > 8) throw new Refusal("ELOOP")
    let node = this.#root
    const names = parts(path)
    for (const [i, name] of names.entries()) {
      if (node.kind !== "directory") throw new Refusal("ENOTDIR")
      const next = node.entries.get(name)
      if (next === undefined) throw new Refusal("ENOENT")
      if (next.kind === "symlink" && (followLast || i < names.length - 1)) {
        const before = names.slice(0, i).join("/")
        const target = next.target.startsWith("/") ? next.target : `${before}/${next.target}`
        return this.#find([target, ...names.slice(i + 1)].join("/"), followLast, depth + 1)
      }
      node = next
    }
    return node
  }

  #parent(path: ByteString): [Node, ByteString] {
    const names = parts(path)
    const name = names.pop()
    if (name === undefined) throw new Refusal("EISDIR")
    const directory = this.#find(names.join("/"))
    if (directory.kind !== "directory") throw new Refusal("ENOTDIR")
    return [directory, name]
  }

  #descriptor(fd: number): Descriptor {
    const descriptor = this.#descriptors.get(fd)
    if (descriptor === undefined) throw new Refusal("EBADF")
    return descriptor
  }

  #forget(node: Node): void {
    const isLinked = (directory: Node): boolean =>
      [...directory.entries.values(), ...directory.durableEntries.values()].some(
        (child) => child === node || (child.kind === "directory" && isLinked(child))
      )
    if (node.openCount === 0 && !isLinked(this.#root)) this.#inodes.delete(node.inode)
  }

  #syncEntries(directory: Node): void {
    const before = directory.durableEntries
    directory.durableEntries = new Map(directory.entries)
    for (const [name, node] of before) if (directory.entries.get(name) !== node) this.#forget(node)
  }

  #openNow(path: ByteString, how: OpenHow, mode: number, now: number): number {
    const creates = createsFile(how)
    let node: Node | undefined
    try {
      node = this.#find(path, !how.endsWith("NoFollow"))
    } catch (cause) {
      if (!creates || !(cause instanceof Refusal) || cause.errno !== "ENOENT") throw cause
    }
    if (node !== undefined && how === "create") throw new Refusal("EEXIST")
    if (node?.kind === "symlink") throw new Refusal("ELOOP")
    if (node?.kind === "directory" && how !== "read" && how !== "readNoFollow") throw new Refusal("EISDIR")
    if (node?.kind === "fifo" && how.endsWith("NonBlocking")) throw new Refusal("ENXIO")
    if (node === undefined) {
      const [directory, name] = this.#parent(path)
      node = this.#node("file", mode, now)
      directory.entries.set(name, node)
      directory.mtime = now
    }
    if (how === "replace") node.content = empty
    node.openCount++
    const fd = this.#nextFd++
    this.#descriptors.set(fd, { node, append: how.startsWith("append"), position: 0 })
    return fd
  }

  readonly calls: FileCalls = {
    open: (path, how, mode = 0o644) =>
      createsFile(how)
        ? this.#effect("open", path, (now) => this.#openNow(path, how, mode, now))
        : this.#look("open", path, (now) => this.#openNow(path, how, mode, now)),
    close: (fd) =>
      this.#look("close", `${fd}`, () => {
        const { node } = this.#descriptor(fd)
        this.#descriptors.delete(fd)
        node.openCount--
        this.#forget(node)
      }),
    read: (fd, max, position) =>
      this.#look("read", `${fd}`, (now) => {
        const descriptor = this.#descriptor(fd)
        const at = position ?? descriptor.position
        const bytes = descriptor.node.content.slice(at, at + max)
        if (position === null) descriptor.position += bytes.length
        descriptor.node.atime = now
        return bytes
      }),
    write: (fd, bytes, position = null) =>
      this.#effect("write", `${fd}`, (now) => {
        const descriptor = this.#descriptor(fd)
        const { node } = descriptor
        const at = descriptor.append ? node.content.length : (position ?? descriptor.position)
        const before = node.content.subarray(0, at)
        node.content = concat([
          before,
          new Uint8Array(at - before.length),
          bytes,
          node.content.subarray(at + bytes.length)
        ]).slice()
        if (position === null) descriptor.position = at + bytes.length
        node.mtime = now
      }),
    fsync: (fd) =>
      this.#effect("fsync", `${fd}`, () => {
        const { node } = this.#descriptor(fd)
        if (node.kind === "directory") this.#syncEntries(node)
        else node.durableContent = node.content
      }),
    truncate: (fd, bytes) =>
      this.#effect("truncate", `${fd}`, (now) => {
        const { node } = this.#descriptor(fd)
        node.content = node.content.slice(0, bytes)
        node.mtime = now
      }),
    fstat: (fd) => this.#look("fstat", `${fd}`, () => statOf(this.#descriptor(fd).node)),
    stat: (path) => this.#look("stat", path, () => statOf(this.#find(path))),
    lstat: (path) => this.#look("lstat", path, () => statOf(this.#find(path, false))),
    readFile: (path) =>
      this.#look("open", path, () => {
        const node = this.#find(path)
        if (node.kind === "directory") throw new Refusal("EISDIR")
        return node.content.slice()
      }),
    list: (directory) =>
      this.#look("list", directory, () => {
        const node = this.#find(directory)
        if (node.kind !== "directory") throw new Refusal("ENOTDIR")
        return [...node.entries.keys()]
      }),
    link: (from, to) =>
      this.#effect("link", to, (now) => {
        const node = this.#find(from, false)
        if (node.kind === "directory") throw new Refusal("EPERM")
        const [directory, name] = this.#parent(to)
        if (directory.entries.has(name)) throw new Refusal("EEXIST")
        directory.entries.set(name, node)
        directory.mtime = now
      }),
    symlink: (target, path) =>
      this.#effect("symlink", path, (now) => {
        const [directory, name] = this.#parent(path)
        if (directory.entries.has(name)) throw new Refusal("EEXIST")
        const node = this.#node("symlink", 0o777, now)
        node.target = target
        directory.entries.set(name, node)
      }),
    rename: (from, to) =>
      this.#effect("rename", to, (now) => {
        const [source, sourceName] = this.#parent(from)
        const node = source.entries.get(sourceName)
        if (node === undefined) throw new Refusal("ENOENT")
        const [directory, name] = this.#parent(to)
        const replaced = directory.entries.get(name)
        source.entries.delete(sourceName)
        directory.entries.set(name, node)
        source.mtime = directory.mtime = now
        if (replaced !== undefined && replaced !== node) this.#forget(replaced)
      }),
    unlink: (path) =>
      this.#effect("unlink", path, (now) => {
        const [directory, name] = this.#parent(path)
        const node = directory.entries.get(name)
        if (node === undefined) throw new Refusal("ENOENT")
        if (node.kind === "directory") throw new Refusal("EISDIR")
        directory.entries.delete(name)
        directory.mtime = now
        this.#forget(node)
      }),
    mkdir: (path, mode) =>
      this.#effect("mkdir", path, (now) => {
        const [directory, name] = this.#parent(path)
        if (directory.entries.has(name)) throw new Refusal("EEXIST")
        directory.entries.set(name, this.#node("directory", mode, now))
        directory.mtime = now
      }),
    chmod: (path, mode) => this.#effect("chmod", path, () => void (this.#find(path).mode = mode)),
    chown: (path, uid, gid) => this.#effect("chown", path, () => void Object.assign(this.#find(path), { uid, gid })),
    fchmod: (fd, mode) => this.#effect("chmod", `${fd}`, () => void (this.#descriptor(fd).node.mode = mode)),
    fchown: (fd, uid, gid) =>
      this.#effect("chown", `${fd}`, () => void Object.assign(this.#descriptor(fd).node, { uid, gid })),
    utimes: (path, atime, mtime) =>
      this.#effect("utimes", path, () => {
        const node = this.#find(path)
        node.atime = atime
        node.mtime = mtime
      }),
    syncDirectory: (directory) =>
      this.#effect("syncDirectory", directory, () => {
        this.#syncEntries(this.#find(directory))
      })
  }

  readonly layer: Layer.Layer<Files> = Layer.sync(Files, () => this.calls)
}

const createsFile = (how: OpenHow): boolean => how === "create" || how === "replace" || how.startsWith("append")
