/** The laws of the house. Whoever breaks one is told which, and where. */
import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join, relative, resolve } from "node:path"
import { arrows, type Kind, kinds, rooms } from "./kinds.ts"

const root = resolve(import.meta.dirname, "..")

const filesBelow = (directory: string): ReadonlyArray<string> =>
  readdirSync(join(root, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort()

const read = (file: string): string => readFileSync(join(root, file), "utf8")

const imports = (file: string): ReadonlyArray<string> =>
  [
    ...read(file).matchAll(/^(?:import|export)\s[^"']*?from\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gms)
  ].map((match) => (match[1] ?? match[2] ?? match[3])!)

/** The files of ours that a file imports, from the root of the project. */
const ours = (file: string): ReadonlyArray<string> =>
  imports(file)
    .filter((name) => name.startsWith("."))
    .map((name) => relative(root, resolve(root, dirname(file), name)))

const sources = filesBelow("src")
const core = sources.filter((file) => file.startsWith("src/core/"))
const inCore = (file: string): string => file.slice("src/core/".length)
const folder = (file: string): string => (inCore(file).includes("/") ? dirname(inCore(file)) : "")

/** One line a breach; the test shows them all. */
const none = (breaches: ReadonlyArray<string>): void => assert.strictEqual(breaches.join("\n"), "")

describe("The house", () => {
  it("bin imports shell, shell imports core, core imports only itself", () => {
    const mayImport: Record<string, ReadonlyArray<string>> = {
      bin: ["bin", "shell"],
      shell: ["shell", "core"],
      core: ["core"]
    }
    none(
      sources.flatMap((file) =>
        ours(file)
          .filter((target) => !mayImport[file.split("/")[1]!]!.includes(target.split("/")[1]!))
          .map((target) => `${file} imports ${target}`)
      )
    )
  })

  it("core imports nothing else but the value modules of effect", () => {
    const values = ["Array", "Brand", "Data", "HashMap", "Match", "Option", "Order", "Predicate", "Result", "Schema"]
    const allowed = new Set(values.map((name) => `effect/${name}`))
    none(
      core.flatMap((file) =>
        imports(file)
          .filter((name) => !name.startsWith(".") && !allowed.has(name))
          .filter((name) => !(name === "node:crypto" && inCore(file) === "Digest.ts"))
          .map((name) => `${file} imports ${name}`)
      )
    )
  })

  it("no clock, chance, process or buffer in core", () => {
    const world =
      /\b(Date\.now|new Date|Math\.random|process\.|Buffer\.|setTimeout|setInterval|console\.|TextDecoder)\b/
    none(core.filter((file) => world.test(read(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ""))))
  })

  it("every core file has one kind, and imports what its kind may", () => {
    const mayImport: Record<Kind, string> = { V: "V", F: "VF", R: "VR", M: "VFRM" }
    none(
      core.flatMap((file) => {
        const kind = kinds[inCore(file)]
        if (kind === undefined) return [`${file} has no kind in test/kinds.ts`]
        return ours(file)
          .filter((target) => !mayImport[kind].includes(kinds[inCore(target)] ?? "?"))
          .map((target) => `${file} (${kind}) imports ${target} (${kinds[inCore(target)]})`)
      })
    )
  })

  it("kinds names no file that is gone", () =>
    none(Object.keys(kinds).filter((file) => !existsSync(join(root, "src/core", file)))))

  it("a folder of core sees itself, the files at the top, and the folders of its arrows", () => {
    none(
      core.flatMap((file) =>
        ours(file)
          .filter((target) => folder(target) !== "" && folder(target) !== folder(file))
          .filter((target) => !(arrows[folder(file)] ?? []).includes(folder(target)))
          .map((target) => `${file} -> ${target}`)
      )
    )
  })

  it("a room of shell sees itself, and the rooms of its arrows; no file lies outside", () => {
    const room = (file: string): string => /^src\/shell\/([^/]+)\/[^/]+$/.exec(file)?.[1] ?? ""
    const shell = sources.filter((file) => file.startsWith("src/shell/"))
    none(
      shell.filter((file) => rooms[room(file)] === undefined).map((file) => `${file} is in no room of test/kinds.ts`)
    )
    none(
      shell.flatMap((file) =>
        ours(file)
          .filter((target) => target.startsWith("src/shell/") && room(target) !== room(file))
          .filter((target) => !(rooms[room(file)] ?? []).includes(room(target)))
          .map((target) => `${file} -> ${target}`)
      )
    )
  })

  it("no two folders of core, and no two rooms of shell, see each other, not even by a detour", () => {
    for (const graph of [arrows, rooms]) {
      const seen = (from: string, path: ReadonlyArray<string>): ReadonlyArray<string> =>
        path.includes(from)
          ? [[...path, from].join(" -> ")]
          : (graph[from] ?? []).flatMap((next) => seen(next, [...path, from]))
      none(Object.keys(graph).flatMap((from) => seen(from, [])))
    }
  })

  it("a rule and a machine begin with the question they answer", () => {
    none(
      core
        .filter((file) => ["R", "M"].includes(kinds[inCore(file)] ?? ""))
        .filter((file) => {
          const opening = /^\/\*\*([\s\S]*?)\*\//.exec(read(file))?.[1] ?? ""
          const sentence = /^[\s*]*([\s\S]*?[.?!])(\s|$)/.exec(opening)?.[1] ?? ""
          return !sentence.endsWith("?")
        })
    )
  })

  it("every file begins with what it is for", () =>
    none(sources.filter((file) => !read(file).startsWith("/**") && !read(file).startsWith("#!"))))

  it("file names are unique, and none is a drawer", () => {
    const names = sources.filter((file) => !file.startsWith("src/bin/")).map((file) => basename(file))
    none(names.filter((name, i) => names.indexOf(name) !== i))
    none(sources.filter((file) => /(Helper|Util|Manager|Common|Misc|Handler|Stuff)/i.test(basename(file))))
  })

  it("files stay under 400 lines, functions on a screen or two", () => {
    none(sources.filter((file) => read(file).split("\n").length > 401).map((file) => `${file} is too long`))
    none(
      sources.flatMap((file) => {
        const lines = read(file).split("\n")
        return lines.flatMap((line, start) => {
          if (!/^(export )?(const|function) .*(=>|\) \{|function\*.*\{)$/.test(line)) return []
          const end = lines.findIndex((later, i) => i > start && /^\S/.test(later))
          return end - start > functionLinesMax ? [`${file}:${start + 1} has ${end - start} lines`] : []
        })
      })
    )
  })

  it("a program is 5 to 30 lines", () =>
    none(
      sources
        .filter((file) => file.startsWith("src/bin/"))
        .filter((file) => read(file).trimEnd().split("\n").length < 5 || read(file).trimEnd().split("\n").length > 30)
    ))

  it("no file is dead: each is a program, or imported, or offered to users of the library", () => {
    const reached = new Set(sources.flatMap((file) => ours(file)))
    none(
      sources
        .filter((file) => !file.startsWith("src/bin/") && !reached.has(file))
        .filter((file) => !forTestsAndSimulation.includes(file))
    )
  })

  it("nothing is owed, nothing is switched off", () => {
    const owed = /\b(TODO|FIXME|XXX|HACK)\b/
    none(sources.filter((file) => owed.test(read(file))))
    none(filesBelow("test").filter((file) => /\.(only|todo)\(/.test(read(file)) && file !== "test/tidy.test.ts"))
  })

  it("docs/WHERE.md lists the questions as they stand", () => {
    const { status } = spawnSync(process.execPath, [join(root, "scripts/make-where.mjs"), "--check"])
    assert.strictEqual(status, 0, "run node scripts/make-where.mjs")
  })

  it("every recorded case that is not met stands in docs/DIFFERENCES.md", () => {
    const differences = Object.keys(JSON.parse(read("test/golden/differences.json")) as object)
    none(differences.filter((id) => !read("docs/DIFFERENCES.md").includes(id)))
  })

  it("every core file of kind F, R or M has its test", () => {
    none(
      core
        .filter((file) => kinds[inCore(file)] !== "V")
        .filter((file) => !filesBelow("test/core").some((test) => read(test).includes(`/${inCore(file)}"`)))
    )
  })
})

const functionLinesMax = 75

/** Memory layers and the like, which no program loads; and the rule by which simulations judge a queue. */
const forTestsAndSimulation: ReadonlyArray<string> = [
  "src/shell/memory/MemoryDisk.ts",
  "src/shell/memory/MemoryNetwork.ts",
  "src/core/queue/QueueState.ts"
]
