/** The program `thresher`: one verb, carried out. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { type ByteString, fromText, toChunk } from "../../core/Bytes.ts"
import * as CommandLine from "../../core/command/CommandLine.ts"
import type { Endpoint } from "../../core/command/Endpoint.ts"
import * as InheritedSockets from "../../core/command/InheritedSockets.ts"
import * as ProcessOne from "../../core/command/ProcessOne.ts"
import * as Finding from "../../core/control/Finding.ts"
import * as LimitsCheck from "../../core/home/LimitsCheck.ts"
import { type ExitCode, exitPermanent, exitSuccess, exitTemporary, systemText } from "../../core/Outcome.ts"
import * as FreshHome from "../../core/home/FreshHome.ts"
import { Accounts } from "../home/Accounts.ts"
import { Controls } from "../home/Controls.ts"
import { Files } from "../platform/Files.ts"
import { absolute, Home, homeFor } from "../home/Home.ts"
import * as HomeCheck from "../home/HomeCheck.ts"
import * as HomeInstall from "../home/HomeInstall.ts"
import * as HomeSetup from "../home/HomeSetup.ts"
import { Identity } from "../platform/Identity.ts"
import { Locks } from "../platform/Locks.ts"
import { Fatal } from "../platform/Main.ts"
import * as ManualPage from "./ManualPage.ts"
import { Processes } from "../platform/Processes.ts"
import * as QueueCommands from "./QueueCommands.ts"
import * as Server from "../server/Server.ts"
import * as ServerStop from "./ServerStop.ts"
import * as Successor from "../platform/Successor.ts"

type Services = Files | Identity | Processes

const say = (text: ByteString) => Effect.flatMap(Files, (files) => Effect.ignore(files.write(1, toChunk(text))))

const complain = (text: ByteString) => Effect.flatMap(Files, (files) => Effect.ignore(files.write(2, toChunk(text))))

const homeOf = Effect.fnUntraced(function* (order: { readonly home?: ByteString }) {
  return absolute(order.home ?? homeFor(yield* Identity))
})

/** In this directory, with what its record says. */
const inDirectory = <A, R>(
  path: ByteString,
  program: Effect.Effect<A, Fatal, R>
): Effect.Effect<A, Fatal, Exclude<R, Home> | Files> => {
  return Effect.provide(program, Home.layerAt(path)).pipe(
    Effect.catchTags({
      HomeError: ({ file, reason }) => fatal(exitTemporary, `unable to read ${file}: ${reason}`),
      FilesError: ({ errno, path: at }) => fatal(exitTemporary, `unable to read ${at}: ${systemText(errno)}`)
    })
  ) as Effect.Effect<A, Fatal, Exclude<R, Home> | Files>
}

/** In an existing home. */
const inHome = <A, R>(order: { readonly home?: ByteString }, program: Effect.Effect<A, Fatal, R>) => {
  return Effect.gen(function* () {
    const path = yield* homeOf(order)
    const files = yield* Files
    const found = yield* Effect.result(files.stat(`${path}/.`))
    if (Result.isFailure(found))
      return yield* fatal(
        exitTemporary,
        `unable to use ${path}: ${systemText(found.failure.errno)} (thresher init makes a home)`
      )
    if (!(yield* isThere(`${path}/control/.`)))
      return yield* fatal(
        exitTemporary,
        `unable to use ${path}: it has no directory control (thresher init makes a home)`
      )
    return yield* inDirectory(path, program)
  })
}

/** In a home, or in what may become one: nothing of anybody else's is written over. */
const inHomeToBe = <A, R>(order: { readonly home?: ByteString }, program: Effect.Effect<A, Fatal, R>) => {
  return Effect.gen(function* () {
    const path = yield* homeOf(order)
    const files = yield* Files
    const names = yield* Effect.orElseSucceed(files.list(path), (): ReadonlyArray<ByteString> => [])
    if (names.length > 0 && !names.includes("control"))
      return yield* fatal(exitPermanent, `unable to install in ${path}: it is not empty, and has no directory control`)
    return yield* inDirectory(path, program)
  })
}

const isThere = Effect.fnUntraced(function* (path: ByteString) {
  const files = yield* Files
  return yield* Effect.orElseSucceed(Effect.as(files.stat(path), true), () => false)
})

const fatal = (exitCode: ExitCode, text: ByteString) => Effect.fail(new Fatal({ exitCode, text }))

const check = (json: boolean) =>
  Effect.gen(function* () {
    const findings = yield* HomeCheck.run
    const { path } = yield* Home
    yield* say(json ? `${JSON.stringify(findings)}\n` : findings.map((one) => `${Finding.format(one)}\n`).join(""))
    if (!json && findings.length === 0) yield* say(`${path}: nothing to complain about\n`)
    return findings.some(Finding.isError) ? exitTemporary : findings.length > 0 ? exitFound : exitSuccess
  }).pipe(Effect.provide(Layer.provideMerge(Accounts.layer, Controls.layer)))

/** A check that found something, though nothing that keeps the server from starting. */
const exitFound: ExitCode = 1

const addUser = (user: ByteString) =>
  Effect.gen(function* () {
    const added = yield* HomeSetup.addUser({ user })
    yield* say(`mail to ${added.user} arrives in ${added.maildir}/new/\n`)
    const files = `${added.maildir.slice(0, added.maildir.lastIndexOf("/"))}/.qmail`
    yield* say(`${files} changes that; ${files}-EXT makes the address ${added.user}-EXT\n`)
    if (added.takesFrom !== undefined) yield* say(`until now that was an extension of ${added.takesFrom}\n`)
    if (added.endedCatchAll) {
      const { path } = yield* Home
      yield* say(
        `mail to any other name is accepted and then returned to its sender, unless there is ${path}/alias/.qmail-NAME` +
          ` (as for ${FreshHome.standardNames.join(", ")})\n`
      )
    }
    return exitSuccess
  }).pipe(Effect.provide(Locks.layer))

const install = (makeUsers: boolean) =>
  Effect.gen(function* () {
    const { directory } = yield* Identity
    const installed = yield* HomeInstall.install({ from: directory, makeUsers })
    if (installed._tag === "UsersMissing") {
      yield* say(`these accounts are missing; make them, or say --make-users:\n${installed.commands.join("\n")}\n`)
      return exitTemporary
    }
    const { path, record } = yield* Home
    yield* say(`${installed.programs} programs installed in ${path}/bin\n`)
    for (const name of installed.kept) yield* say(`kept the other ${name} as ${name}.before-thresher\n`)
    yield* say(`${LimitsCheck.advice("program")}\n`)
    if (record.owners === "one") yield* say(`${LimitsCheck.advice("server")}\n`)
    if (!installed.canQueue)
      yield* say(
        `only root and qmailq can queue mail: put a set-uid qmail-queue, such as notqmail's, into ${path}/bin\n`
      )
    if (!(yield* isThere(`${path}/control/me`)))
      yield* say(`${path}/bin/config-fast NAME writes its first control files\n`)
    return exitSuccess
  }).pipe(Effect.provide(Layer.provideMerge(Accounts.layer, Controls.layer)))

const carryOut = (order: CommandLine.Order): Effect.Effect<ExitCode, Fatal, Services> => {
  switch (order._tag) {
    case "Help":
      return order.about === undefined ? Effect.as(say(CommandLine.usage()), exitSuccess) : ManualPage.show(order.about)
    case "Init":
      return Effect.gen(function* () {
        const home = yield* homeOf(order)
        const { directory } = yield* Identity
        const made = yield* HomeSetup.init({ home, domain: order.domain, programs: directory })
        yield* say(
          made === "there was a home"
            ? `${home} was a home already; what was there is unchanged\n`
            : `${home} is a home for ${order.domain}; every local part arrives in ${home}/alias/Maildir/new/\n`
        )
        return exitSuccess
      }).pipe(Effect.provide(Locks.layer))
    case "Start":
      return inHome(order, start(order))
    case "Stop":
      return inHome(order, ServerStop.stop(order.patienceSeconds).pipe(Effect.provide(Locks.layer)))
    case "Check":
      return inHome(order, check(order.json))
    case "AddUser":
      return inHome(order, addUser(order.user))
    case "Install":
      return inHomeToBe(order, install(order.makeUsers))
    case "Queue":
      return inHome(order, QueueCommands.run(order.order))
  }
}

/** Where it was told to; else on the sockets that it was given; else where a newcomer looks. */
const start = Effect.fnUntraced(function* (options: Server.Options) {
  const { environment, pid } = yield* Identity
  const given = InheritedSockets.inherited(environment, pid)
  yield* leaveProcessOne(options.listen, given)
  const listen = [options.listen, given].find((endpoints) => endpoints.length > 0) ?? defaultListen
  return yield* Server.run({ ...options, listen })
})

/** Comes back if this process serves by itself. */
const leaveProcessOne = Effect.fnUntraced(function* (
  listen: ReadonlyArray<Endpoint>,
  inherited: ReadonlyArray<Endpoint>
) {
  const { arguments: given, environment, pid } = yield* Identity
  const words = [fromText(process.argv[1]!), ...given]
  const args = ProcessOne.shellArguments({ pid, words, inherited, listen })
  if (args === undefined) return
  const shell = { program: "/bin/sh", arguments: args, environment, directory: fromText(process.cwd()) }
  yield* Effect.catchTag(Successor.become(shell), "ProcessesError", ({ errno, program }) =>
    complain(`thresher: warning: unable to run ${program} (${systemText(errno)}): process 1 collects no zombies\n`)
  )
})

const defaultListen = [{ host: "127.0.0.1", port: 2525 }]

export const program: Effect.Effect<ExitCode, Fatal> = Effect.gen(function* () {
  const { arguments: args } = yield* Identity
  return yield* Result.match(CommandLine.parse(args), {
    onFailure: (complaint) => fatal(exitPermanent, `${complaint} (thresher help says what there is)`),
    onSuccess: carryOut
  })
}).pipe(Effect.provide(Layer.mergeAll(Files.layer, Identity.layer, Processes.layer)))
