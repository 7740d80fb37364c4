import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import * as IpAddress from "../../../src/core/address/IpAddress.ts"
import * as TcpTimeouts from "../../../src/core/remote/TcpTimeouts.ts"
import { Files } from "../../../src/shell/platform/Files.ts"
import { Home } from "../../../src/shell/home/Home.ts"
import { Identity } from "../../../src/shell/platform/Identity.ts"
import { Locks } from "../../../src/shell/platform/Locks.ts"
import { MemoryDisk } from "../../../src/shell/memory/MemoryDisk.ts"
import { TcpTimeoutFile } from "../../../src/shell/remote/TcpTimeoutFile.ts"

const v4 = IpAddress.parse("192.0.2.1")!
const v6 = IpAddress.parse("2001:db8::1")!

const onDisk = (disk: MemoryDisk, freshSeconds: number) =>
  TcpTimeoutFile.layer(freshSeconds).pipe(
    Layer.provideMerge(Locks.layerMemory()),
    Layer.provideMerge(Layer.mergeAll(disk.layer, Home.layerMemory("/home"), Identity.layerMemory({ pid: 32 })))
  )

const diskWith = (...files: ReadonlyArray<TcpTimeouts.Layout>): MemoryDisk => {
  const disk = new MemoryDisk()
  disk.makeDirectories("/home/queue/lock")
  for (const layout of files)
    disk.makeFile(
      layout === TcpTimeouts.layoutV4 ? "/home/queue/lock/tcpto" : "/home/queue/lock/tcpto6",
      new Uint8Array(TcpTimeouts.fileBytes(layout))
    )
  return disk
}
const both = () => diskWith(TcpTimeouts.layoutV4, TcpTimeouts.layoutV6)

const twoTimeouts = Effect.fnUntraced(function* (address: IpAddress.IpAddress) {
  const timeouts = yield* TcpTimeoutFile
  yield* timeouts.timedOut(address)
  yield* TestClock.adjust("121 seconds")
  yield* timeouts.timedOut(address)
  return yield* timeouts.shouldSkip(address)
})

describe("TcpTimeoutFile", () => {
  const memory = TcpTimeoutFile.layerMemory.pipe(Layer.provide(Identity.layerMemory({ pid: 32 })))
  for (const [name, layer] of [
    ["for a program with one job", () => onDisk(both(), 0)],
    ["for a server", () => onDisk(both(), 10)],
    ["in memory", () => memory]
  ] as const)
    for (const address of [v4, v6])
      it.effect(`${name}: leaves ${IpAddress.format(address)} alone for 3840 seconds after two timeouts`, () =>
        Effect.gen(function* () {
          const timeouts = yield* TcpTimeoutFile
          assert.isTrue(yield* twoTimeouts(address))
          yield* TestClock.adjust("3839 seconds")
          assert.isTrue(yield* timeouts.shouldSkip(address))
          yield* TestClock.adjust("1 seconds")
          assert.isFalse(yield* timeouts.shouldSkip(address))
          yield* timeouts.connected(address)
          yield* timeouts.timedOut(address)
          assert.isFalse(yield* timeouts.shouldSkip(address))
        }).pipe(Effect.provide(layer()))
      )

  for (const address of [v4, v6])
    it.effect(`clears ${IpAddress.format(address)} although another record was written since it was looked up`, () =>
      Effect.gen(function* () {
        const timeouts = yield* TcpTimeoutFile
        yield* timeouts.timedOut(address)
        assert.isFalse(yield* timeouts.shouldSkip(address))
        yield* timeouts.timedOut(IpAddress.parse(address === v4 ? "192.0.2.2" : "2001:db8::2")!)
        yield* timeouts.connected(address)
        yield* TestClock.adjust("121 seconds")
        yield* timeouts.timedOut(address)
        assert.isFalse(yield* timeouts.shouldSkip(address), "it is the first one again")
      }).pipe(Effect.provide(onDisk(both(), 10)))
    )

  for (const [what, disk, lockedElsewhere] of [
    ["there is no file", () => diskWith(), false],
    ["the file is locked for ever by nobody knows whom", both, true]
  ] as const)
    it.effect(`is silently off if ${what}`, () => {
      const disk_ = disk()
      const locks = Layer.succeed(Locks, {
        whileLocked: (_fd, _patience, use) => use({ _tag: lockedElsewhere ? "Refused" : "Locked" })
      })
      return twoTimeouts(v4).pipe(
        Effect.map((skips) => assert.isFalse(skips)),
        Effect.provide(
          TcpTimeoutFile.layer().pipe(
            Layer.provide(
              Layer.mergeAll(locks, disk_.layer, Home.layerMemory("/home"), Identity.layerMemory({ pid: 32 }))
            )
          )
        )
      )
    })

  it.effect("a server sees that somebody has cleared the file", () => {
    const disk = both()
    return Effect.gen(function* () {
      const timeouts = yield* TcpTimeoutFile
      const files = yield* Files
      assert.isTrue(yield* twoTimeouts(v4))
      const fd = yield* files.open("/home/queue/lock/tcpto", "update")
      yield* files.write(fd, new Uint8Array(1024), 0)
      yield* files.close(fd)
      assert.isFalse(yield* timeouts.shouldSkip(v4))
    }).pipe(Effect.provide(onDisk(disk, 10)))
  })
})
