// All browser tests, in the order of the stories.
import { run } from "./lib.mjs";
import "./signin.mjs";
import "./accounts.mjs";
import "./pages.mjs";
import "./record.mjs";
import "./import.mjs";
import "./closing.mjs";
import "./view.mjs";
import "./noscript.mjs";
import "./offline.mjs";
import "./recognition.mjs";

await run(process.argv[2]);
