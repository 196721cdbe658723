// One region on two databases: pages look the same, papers are the same to the byte. TAMGA_URL and TAMGA_OTHER are the two servers (test/browser/same).
import { expect, go, last, open, run, test, WIDTHS } from "./lib.mjs";
import { first, SHOWN } from "./shown.mjs";
import { put } from "../../tool/evidence.mjs";

const OTHER = process.env.TAMGA_OTHER, bases = [process.env.TAMGA_URL, OTHER];
let pictures = 0, papers = 0, wrong = 0;

function same(a, b, what) {
  if (a.equals(b)) return;
  wrong++;
  expect(false, `${what} differs (${a.length} and ${b.length} bytes)`);
}

/** A picture of the whole page, once it has come to rest: two in a row are the same. */
async function picture(page) {
  let now = null;
  for (let i = 0; i < 20; i++) {
    const before = now;
    now = await page.screenshot({ fullPage: true, animations: "disabled" });
    if (before?.equals(now)) return now;
    await page.waitForTimeout(100);
  }
  throw new Error("the page does not come to rest");
}

/** How many dots differ by more than a shade: the browser smooths a large drawing a little differently each time. -1: not of one size. */
async function dots(a, b) {
  if (a.equals(b)) return 0;
  const page = await open();
  return page.evaluate(async ([a, b]) => {
    const load = async (text) => {
      const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${text}`)).blob());
      const at = new OffscreenCanvas(image.width, image.height).getContext("2d");
      at.drawImage(image, 0, 0);
      return at.getImageData(0, 0, image.width, image.height);
    };
    const [x, y] = [await load(a), await load(b)];
    if (x.width !== y.width || x.height !== y.height) return -1;
    let n = 0;
    for (let i = 0; i < x.data.length; i += 4) n += [0, 1, 2].some((k) => Math.abs(x.data[i + k] - y.data[i + k]) > 24);
    return n;
  }, [a.toString("base64"), b.toString("base64")]);
}

for (const [name, path, as, then] of SHOWN) for (const on of Object.keys(WIDTHS)) {
  test(`${name} looks the same (${on})`, async () => {
    const pages = await Promise.all(bases.map(async (base) => {
      const page = await open({ as, on, base });
      await go(page, path);
      if (then) await go(page, then(await first(page)));
      return page;
    }));
    const [a, b] = await Promise.all(pages.map(picture));
    const n = await dots(a, b);
    expect(n === 0, `${n} dots of ${name} differ`);
    pictures++;
  });
}

const PAPERS = [["/r/certificate?state=valid", ["certificate.pdf"]], ["/r/application", ["application_form.pdf"]],
  ["/r/batch?state=archived", ["decision.pdf", "decision.docx", "plaque_list.pdf", "plaque_list.xlsx"]]];
for (const [path, names] of PAPERS) {
  test(`the papers of ${path} are the same`, async () => {
    const pages = await Promise.all(bases.map((base) => open({ as: "region", base })));
    await Promise.all(pages.map((page) => go(page, path)));
    const at = await Promise.all(pages.map(first));
    expect(at[0] === at[1], `${at[0]} and ${at[1]}`);
    for (const name of names) {
      const answers = await Promise.all(pages.map((page) => page.request.get(`${at[0]}/documents/${name}`)));
      expect(answers.every((r) => r.status() === 200), `${name}: ${answers.map((r) => r.status())}`);
      same(...await Promise.all(answers.map((r) => r.body())), name);
      papers++;
    }
  });
}

test("exports are the same", async () => {
  const pages = await Promise.all(bases.map((base) => open({ as: "region", base })));
  same(...await Promise.all(pages.map(async (page) => (await page.request.get("/r/brand/export.csv")).body())), "export.csv");
  papers++;
});

// What would be found: the same list with one record more on one side. The last of all, as it changes that side.
test("control: one record more shows", async () => {
  const made = await fetch(`${bases[0]}/r/brand`, { method: "POST", headers: { authorization: `Bearer ${process.env.TAMGA_TOKEN}`, accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify({ name: "敖汉对照工", maturity: "scattered", domain: "livelihood", industry: "construction", owner_kind: "public", county: "150430", intro: "测试用，不是真实品牌。", phone: "13800002046" }) });
  expect(made.status === 201, `${made.status}`);
  const pictures = await Promise.all(bases.map(async (base) => {
    const page = await open({ as: "region", base });
    await go(page, "/r/brand");
    return picture(page);
  }));
  expect(await dots(...pictures) !== 0, "the pictures are the same");
});

last(() => {
  if (wrong !== 0 || pictures !== 2 * SHOWN.length) return;
  put("postgres.same", { goal: "documents and screenshots do not change with the database", command: "tool/pg.sh run test/browser/same",
    figure: `a region moved from SQLite to PostgreSQL: ${pictures} whole pages at two widths and ${papers} papers: no dot differs by more than a shade, no byte of the papers; one record more is seen` });
});

await run();
