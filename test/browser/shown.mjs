// The pages that stand for the product: name, address, who; then how to go on from the first record of that list.
export const SHOWN = [["desk", "/desk", "aohan"], ["ledger", "/ledger", "region"], ["list", "/r/brand", "region"],
  ["brand", "/r/brand?state=at_city", "chifeng", (href) => href], ["overview", "/overview", "region"], ["catalogue", "/catalogue"],
  ["round", "/r/batch?state=open", "region", (href) => href.replace("/r/", "/round/")],
  ["application", "/r/application?state=at_region", "region", (href) => href],
  ["ranking", "/r/batch?state=archived", "region", (href) => href.replace("/r/", "/ranking/")],
  ["draw", "/r/panel?state=closed", "region", (href) => href.replace("/r/", "/draw/")],
  ["calls", "/calls"], ["verify", "/verify/ZS-150821-2026-0001"]];

/** Where the first record of the list shown leads. */
export const first = (page) => page.locator("table.t td.first a").first().getAttribute("href");
