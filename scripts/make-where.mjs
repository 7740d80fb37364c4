// Makes docs/WHERE.md from the opening questions of the rules and machines in src/core.
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = join(dirname(fileURLToPath(import.meta.url)), "..")
const rows = readdirSync(join(root, "src/core"), { recursive: true })
  .filter((name) => name.endsWith(".ts"))
  .sort()
  .flatMap((name) => {
    const opening = /^\/\*\*([\s\S]*?)\*\//.exec(readFileSync(join(root, "src/core", name), "utf8"))?.[1] ?? ""
    const sentence =
      /^([\s\S]*?[.?!])(\s|$)/.exec(opening.replace(/\n \*/g, " ").trim())?.[1]?.replace(/\s+/g, " ") ?? ""
    return sentence.endsWith("?") ? [`| ${sentence} | [${name}](../src/core/${name}) |`] : []
  })
const text = `# Where is it decided?

Made by \`node scripts/make-where.mjs\` from the first sentences of the files.

| question | file |
|---|---|
${rows.join("\n")}
`
if (process.argv.includes("--check")) {
  if (readFileSync(join(root, "docs/WHERE.md"), "utf8") !== text) {
    console.error("docs/WHERE.md is out of date: run node scripts/make-where.mjs")
    process.exit(1)
  }
} else writeFileSync(join(root, "docs/WHERE.md"), text)
