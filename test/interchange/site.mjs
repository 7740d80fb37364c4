// The control files, users and .qmail files of the trial: every kind of instruction once.
import { chownSync, mkdirSync } from "node:fs"
import * as Home from "./home.mjs"

export const configure = (trial, port) => {
  const { home, joe } = trial
  Home.writeTree(`${home}/control`, {
    me: "mail.example\n",
    locals: "mail.example\nlocalhost\n",
    rcpthosts: "mail.example\nvirt.example\n",
    morercpthosts: "more.example\n.deep.example\n",
    virtualdomains: `virt.example:${joe.name}-virt\nmore.example:${joe.name}-virt\n`,
    smtproutes: `:127.0.0.1:${port}\n`,
    qmqpservers: "127.0.0.1\n",
    doublebounceto: `${joe.name}-double\n`,
    smtpgreeting: "mail.example ready\n"
  })
  Home.writeTree(`${home}/users`, {
    assign: `=assigned:${joe.name}:${joe.uid}:${joe.gid}:${joe.home}:-:md:\n+as+:${joe.name}:${joe.uid}:${joe.gid}:${joe.home}:-::\n.\n`
  })
  Home.writeTree(joe.home, dotQmails(joe.name), joe)
  for (const name of ["Maildir", "trial-bounces", "trial-double", "trial-virt", "trial-pop"]) {
    for (const sub of ["", "/tmp", "/new", "/cur"]) {
      mkdirSync(`${joe.home}/${name}${sub}`, { mode: 0o700 })
      chownSync(`${joe.home}/${name}${sub}`, joe.uid, joe.gid)
    }
  }
}

const dotQmails = (joe) =>
  Object.fromEntries(
    Object.entries({
      md: "./Maildir/\n",
      mbox: "# a comment\n./Mailbox\n",
      cmd: '|cat > trial-cmd.out; env | grep -E "^(SENDER|NEWSENDER|RECIPIENT|USER|HOME|HOST|HOST2|LOCAL|EXT|EXT2|DEFAULT|DTLINE|RPLINE)=" | sort > trial-cmd.env\n',
      later: '|test -f trial-go || { echo "not yet"; exit 111; }\n|cat >> trial-later.out\n',
      fail: '|echo "no thanks"; echo; echo "not here"; exit 100\n',
      skip: "|exit 99\n./Maildir/\n",
      bounces: "./trial-bounces/\n",
      double: "./trial-double/\n",
      pop: "./trial-pop/\n",
      default: '|echo "$DEFAULT $EXT" >> trial-default.out\n./Maildir/\n',
      "virt-default": "./trial-virt/\n",
      fwd: `&ok-fwd@remote.example\n${joe}-md@mail.example\n`,
      list: `&ok-list@remote.example\n&bad-list@remote.example\n&${joe}-md\n`,
      "list-owner": "./trial-bounces/\n",
      loop: `&${joe}-loop@mail.example\n`,
      tools: [
        "|qbiff",
        "|preline cat >> trial-preline.out",
        `|condredirect ${joe}-md@mail.example grep -q '^X-Go: yes'`,
        "|except false",
        `|bouncesaying "I have been told" grep -q '^X-Go: away'`,
        `|forward ${joe}-bounces ok-forward@remote.example`,
        `|qreceipt ${joe}-tools@mail.example`,
        "./trial-virt/",
        ""
      ].join("\n")
    }).map(([name, content]) => [`.qmail-${name}`, content])
  )
