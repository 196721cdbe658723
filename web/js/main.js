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

// A request that waited for its turn was filled in before the answer to the one before it: it goes out with the revision the form has now.
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  const rev = ctx.request.form?.querySelector("input[name=rev]");
  if (rev && ctx.request.body instanceof URLSearchParams && ctx.request.body.has("rev")) ctx.request.body.set("rev", rev.value);
});
