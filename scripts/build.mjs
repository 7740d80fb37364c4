// Builds dist/bin (one executable file a program) and dist/lib (the library with declarations).
//   --if-tools: do nothing where the build tools were left out (npm ci --omit=dev)
//   --if-stale: do nothing if dist is newer than everything it is made from
//   --only NAME[,NAME]: only these programs, and no library
import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

process.chdir(join(dirname(fileURLToPath(import.meta.url)), ".."))
const has = (flag) => process.argv.includes(flag)
const only = has("--only") ? process.argv[process.argv.indexOf("--only") + 1].split(",") : undefined

const newest = (path) => {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))))
}

if (has("--if-tools") && !existsSync("node_modules/rolldown")) process.exit(0)
if (has("--if-stale") && existsSync("dist/built")) {
  const made = statSync("dist/built").mtimeMs
  if (["src", "scripts/build.mjs", "package-lock.json"].every((path) => newest(path) <= made)) process.exit(0)
}

const node = existsSync("node_modules/.bin/node") ? join(process.cwd(), "node_modules/.bin/node") : process.execPath
const { rolldown } = await import("rolldown")
// Bundled first, because an older node reads no TypeScript.
const rule = await (await rolldown({ input: "src/core/home/Interpreter.ts" })).generate({ format: "esm" })
const Interpreter = await import(`data:text/javascript,${encodeURIComponent(rule.output[0].code)}`)
const canLeaveOut = spawnSync("/usr/bin/env", ["-S", "--default-signal=USR1 true"]).status === 0
const firstLine = Buffer.from(Interpreter.line(Buffer.from(node).toString("latin1"), canLeaveOut), "latin1").toString()
mkdirSync("dist/bin", { recursive: true })
// A program that starts at this moment must find it whole.
if (!existsSync("dist/bin/package.json")) {
  writeFileSync(`dist/bin/.package.${process.pid}`, '{"type":"commonjs"}\n')
  renameSync(`dist/bin/.package.${process.pid}`, "dist/bin/package.json")
}
// The home that a program works in unless it is told another: installing writes it anew (src/core/home/InstalledHome.ts).
const homeLine = 'const thresherHome="/var/qmail"'
const programs = readdirSync("src/bin")
  .filter((name) => name.endsWith(".ts"))
  .map((name) => name.slice(0, -3))
if (only === undefined)
  for (const name of readdirSync("dist/bin"))
    if (name !== "package.json" && !programs.includes(name)) rmSync(join("dist/bin", name))
for (const name of programs) {
  if (only !== undefined && !only.includes(name)) continue
  const bundle = await rolldown({
    input: `src/bin/${name}.ts`,
    platform: "node",
    treeshake: { moduleSideEffects: false },
    checks: { circularDependency: false }
  })
  const fresh = `dist/bin/.${name}.${process.pid}`
  await bundle.write({
    file: fresh,
    format: "cjs",
    minify: true,
    codeSplitting: false,
    banner: firstLine,
    postBanner: homeLine
  })
  await bundle.close()
  chmodSync(fresh, 0o755)
  renameSync(fresh, `dist/bin/${name}`)
}
if (only === undefined) {
  const { status } = spawnSync("node_modules/.bin/tsc", ["-p", "tsconfig.build.json"], { stdio: "inherit" })
  if (status !== 0) process.exit(status ?? 1)
  writeFileSync("dist/built", "")
}
