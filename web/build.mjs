// Builds the files a browser loads: node web/build.mjs <outdir>
//
// Style sheet (Sass), scripts (esbuild, lowered to Chrome 80 for older office browsers), icon sprite (only the icons of icons.txt),
// images and the Mongolian font. Every file's name carries a hash of its content, so that it may be cached for ever;
// manifest.json says which name is which: {"tamga.css": "tamga.1a2b3c4d.css", …}. The output depends on the input only.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import * as sass from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const TARGET = "chrome80";
const EVERYDAY = ["tamga.css", "tamga.js", "htmx.js", "icons.svg", "favicon.svg", "pattern.svg"];
const EVERYDAY_MAX_BYTES = 60000; // leaves 20 kB of the page's 80 kB for its HTML

const out = process.argv[2];
if (!out) {
  console.error("usage: node web/build.mjs <outdir>");
  process.exit(2);
}

const manifest = {};
const files = new Map();

function emit(name, content) {
  const bytes = Buffer.from(content);
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8);
  const dot = name.lastIndexOf(".");
  manifest[name] = `${name.slice(0, dot)}.${hash}${name.slice(dot)}`;
  files.set(name, bytes);
}

// Every icon that a template names must be in icons.txt; names that come from data (menus) cannot be checked here.
function checkIcons(listed) {
  const view = join(here, "../view");
  for (const file of readdirSync(view, { recursive: true }).filter((name) => name.endsWith(".mustache"))) {
    for (const [, name] of readFileSync(join(view, file), "utf8").matchAll(/assets\.icons\}\}#([a-z0-9-]+)/g)) {
      if (!listed.includes(name)) throw new Error(`view/${file}: icon "${name}" is not in web/icons.txt`);
    }
  }
}

function sprite() {
  const listed = readFileSync(join(here, "icons.txt"), "utf8").split("\n").filter(Boolean);
  checkIcons(listed);
  const symbols = listed.map((name) => {
    const svg = readFileSync(join(modules, "@tabler/icons/icons/outline", `${name}.svg`), "utf8");
    const shapes = svg.replace(/^[\s\S]*?<svg[\s\S]*?>/, "").replace(/<\/svg>\s*$/, "").replace(/<path stroke="none"[^>]*>/, "")
      .replace(/\s*\n\s*/g, "").replace(/ \/>/g, "/>");
    return `<symbol id="${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}

function style() {
  const css = sass.compile(join(here, "scss/tamga.scss"), {
    loadPaths: [modules],
    quietDeps: true,
  }).css.replace(/url\("([\w.-]+)"\)/g, (all, name) => {
    if (!manifest[name]) throw new Error(`style sheet: no file ${name}`);
    return `url("${manifest[name]}")`;
  });
  return esbuild.transformSync(css, { loader: "css", minify: true, target: TARGET, legalComments: "none" }).code;
}

// Plain scripts, joined, minified and lowered; their globals stay.
function lower(names) {
  const source = names.map((name) => readFileSync(join(modules, name), "utf8").replace(/^\/\/# sourceMappingURL=.*$/gm, "")).join(";\n");
  return esbuild.transformSync(source, { minify: true, target: TARGET, legalComments: "none", charset: "utf8" }).code;
}

// A module with what it imports, as one closed script.
function script(entry, define) {
  return esbuild.buildSync({
    entryPoints: [entry], bundle: true, minify: true, format: "iife", target: TARGET, write: false, define, legalComments: "none",
    charset: "utf8", logLevel: "warning",
  }).outputFiles[0].contents;
}

for (const name of ["favicon.svg", "pattern.svg"]) emit(name, readFileSync(join(here, "img", name), "utf8").trim());
emit("noto-sans-mongolian.woff2",
  readFileSync(join(modules, "@fontsource/noto-sans-mongolian/files/noto-sans-mongolian-mongolian-400-normal.woff2")));
emit("icons.svg", sprite());
emit("tamga.css", style());
// htmx and its CSP extension are plain scripts that share the global `htmx`, so they are joined, not bundled. The layout's meta
// element "htmx-config" names the extension; the server stamps hx-nonce on every element with an hx- attribute. Nothing is ever
// evaluated: the templates use no hx-on, no js: values and no trigger filters.
emit("htmx.js", lower(["htmx.org/dist/htmx.js", "htmx.org/dist/ext/hx-csp.js"]));
emit("tom-select.js", lower(["tom-select/dist/js/tom-select.base.js"]));
emit("tamga.js", script(join(here, "js/main.js"), { TOM_SELECT_FILE: JSON.stringify(manifest["tom-select.js"]) }));

// One file that checks certificates from any place, file:// too: script inside, allowed by its hash. Keeps its name: it is a download.
function offlinePage() {
  const code = Buffer.from(script(join(here, "verify/page.mjs"), {})).toString("utf8").trim();
  if (/<\/script|<!--/i.test(code)) throw new Error("verify.html: the script would end early");
  const hash = createHash("sha256").update(code).digest("base64");
  const html = readFileSync(join(here, "verify/verify.html"), "utf8").replace("@HASH@", () => hash).replace("@SCRIPT@", () => code);
  manifest["verify.html"] = "verify.html";
  files.set("verify.html", Buffer.from(html));
}
offlinePage();

mkdirSync(out, { recursive: true });
for (const old of readdirSync(out)) if (/\.[0-9a-f]{8}\.\w+$/.test(old)) rmSync(join(out, old));
for (const [name, bytes] of files) writeFileSync(join(out, manifest[name]), bytes);
writeFileSync(join(out, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);

let everyday = 0;
for (const [name, bytes] of files) {
  const gz = name.endsWith(".woff2") ? bytes.length : gzipSync(bytes, { level: 9 }).length;
  if (EVERYDAY.includes(name)) everyday += gz;
  console.log(`${manifest[name].padEnd(38)} ${String(bytes.length).padStart(7)} ${String(gz).padStart(6)} gzip`);
}
console.log(`everyday page without its HTML: ${everyday} bytes gzip (at most ${EVERYDAY_MAX_BYTES})`);
if (everyday > EVERYDAY_MAX_BYTES) process.exit(1);
