/** What each core file is: V value, F format, R rule, M machine. A new file takes its place here. */
export type Kind = "V" | "F" | "R" | "M"

export const kinds: Readonly<Record<string, Kind>> = {
  "Bytes.ts": "V",
  "Machine.ts": "V",
  "Outcome.ts": "V",
  "Time.ts": "V",
  "address/Address.ts": "V",
  "address/AddressQuoting.ts": "F",
  "address/Domain.ts": "V",
  "command/CommandLine.ts": "F",
  "command/Endpoint.ts": "V",
  "command/Getopt.ts": "F",
  "control/Cdb.ts": "F",
  "control/ControlFile.ts": "F",
  "control/ControlMap.ts": "V",
  "control/ControlReport.ts": "F",
  "control/InstallRecord.ts": "F",
  "control/Settings.ts": "V",
  "envelope/Envelope.ts": "V",
  "envelope/EnvelopeRecords.ts": "F",
  "queue/CleanRequest.ts": "F",
  "queue/MessageNumber.ts": "V",
  "queue/QueueInjection.ts": "M",
  "queue/QueueOrigin.ts": "R",
  "queue/QueueState.ts": "R",
  "queue/QueueStatus.ts": "R",
  "queue/QueueSweep.ts": "R",
  "route/Channel.ts": "V",
  "users/AccountFiles.ts": "F",
  "users/PasswdAssign.ts": "R",
  "users/UserAccount.ts": "V",
  "users/UserAssign.ts": "F",
  "users/UserLookup.ts": "R"
}

/** Which folders of core a folder may see, besides itself and the files at the top. */
export const arrows: Readonly<Record<string, ReadonlyArray<string>>> = {
  address: [],
  command: [],
  envelope: ["address"],
  control: ["address"],
  header: ["address", "envelope", "control"],
  dns: ["address"],
  relay: ["address", "control"],
  route: ["address", "control"],
  users: ["control"],
  login: ["control"],
  queue: ["envelope", "control", "route"],
  retry: ["route"],
  alias: ["address", "envelope", "header"],
  bounce: ["address", "envelope", "header", "control"],
  delivery: ["queue", "retry", "route", "envelope", "bounce", "control"],
  smtp: ["address", "envelope", "control", "header", "dns", "relay", "login", "auth", "queue"],
  qmtp: ["address", "envelope", "control", "relay", "header", "queue"],
  pop3: ["login", "alias"]
}
