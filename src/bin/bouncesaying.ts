/** bouncesaying: bounces a message, with a text, perhaps only if a program says so. */
import * as Live from "../shell/Live.ts"
import * as Main from "../shell/Main.ts"
import { bouncesaying } from "../shell/Asking.ts"

Main.run("bouncesaying", Live.submitting(bouncesaying))
