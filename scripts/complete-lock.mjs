import { readFileSync, writeFileSync } from "node:fs"
const lock = JSON.parse(readFileSync("package-lock.json", "utf8")),
  pk = lock.packages
const oses = ["android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32", "wasm32"]
const cpus = ["x64", "arm64", "arm", "ia32", "ppc64", "s390x", "riscv64", "loong64", "mips64el"]
for (const [at, p] of Object.entries({ ...pk }))
  for (const [name, version] of Object.entries(p.optionalDependencies ?? {})) {
    if (!/^\d/.test(version)) continue
    let dir = at,
      found = false
    for (;;) {
      if (pk[`${dir ? dir + "/" : ""}node_modules/${name}`]?.version === version) {
        found = true
        break
      }
      if (dir === "") break
      dir = dir.includes("/node_modules/") ? dir.slice(0, dir.lastIndexOf("/node_modules/")) : ""
    }
    const w = name.split(/[-/]/),
      o = w.find((x) => oses.includes(x)),
      c = w.find((x) => cpus.includes(x))
    if (found || !o) continue
    pk[pk[`node_modules/${name}`] ? `${at}/node_modules/${name}` : `node_modules/${name}`] = {
      version,
      ...(p.dev && { dev: true }),
      optional: true,
      ...(o === "wasm32" ? { cpu: ["wasm32"] } : { os: [o], ...(c && { cpu: [c] }) }),
      ...(w.some((x) => x.startsWith("musl")) && { libc: ["musl"] })
    }
  }
lock.packages = Object.fromEntries(Object.entries(pk).sort(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync("package-lock.json", JSON.stringify(lock, null, 2) + "\n")
