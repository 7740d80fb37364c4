/** bouncesaying: bounces a message, with a text, perhaps only if a program says so. */
import * as Live from "../shell/programs/Live.ts"
import * as Main from "../shell/platform/Main.ts"
import { bouncesaying } from "../shell/programs/Asking.ts"

Main.run("bouncesaying", Live.submitting(bouncesaying))
