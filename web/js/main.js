// Our scripts, one job a file. Every page works without them; each only makes something that a form or a link does more comfortable.
import "./burger.js";
import "./menu.js";
import "./view.js";
import "./errors.js";
import "./confirm.js";
import "./dirty.js";
import "./print.js";
import { checkAlls } from "./checkall.js";
import { dependentSelects } from "./depends.js";
import { longSelects } from "./longselect.js";

document.documentElement.classList.add("js");

function enhance(root) {
  dependentSelects(root);
  longSelects(root);
  checkAlls(root);
}
enhance(document);
// Parts that htmx has brought in.
document.addEventListener("htmx:after:swap", () => enhance(document));
