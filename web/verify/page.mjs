// The page around verify.mjs: what is pasted or stands behind the # of the address, keys built in or pasted, one verdict.
import nacl from "tweetnacl";
import { base64urlRead, readKeys, Refused, verify } from "./verify.mjs";

const WORDS = { valid: "有效", early: "尚未生效", expired: "已过期", revoked: "已撤销", forged: "签名不符" };
const at = (id) => document.getElementById(id);
const fallback = (bytes, sig, key) => nacl.sign.detached.verify(bytes, sig, key);

function show(result) {
  const c = result.certificate;
  at("verdict").className = result.verdict === "valid" ? "good" : "bad";
  at("verdict").textContent = `${WORDS[result.verdict]}。${result.why}`;
  const rows = c ? [["编号", c.no], ["名称", c.brand], ["持有单位", c.holder], ["级别", c.level], ["发证单位", c.issuer], ["有效期", `${c.issued} 至 ${c.until}`]] : [];
  at("facts").replaceChildren(...rows.flatMap(([name, value]) => {
    const dt = document.createElement("dt"), dd = document.createElement("dd");
    dt.textContent = name;
    dd.textContent = value;
    return [dt, dd];
  }));
}

async function check() {
  const today = new Date(Date.now() + 8 * 3600 * 1000).toISOString().slice(0, 10);
  try {
    show(await verify(at("token").value, {
      keys: readKeys(at("keys").value), revoked: at("revoked").value, today, subtle: window.crypto && window.crypto.subtle, fallback,
    }));
  } catch (e) {
    show({ verdict: "forged", why: e instanceof Refused ? e.message : "公钥清单不是 keys.json 的内容", certificate: null });
  }
}

function fromAddress() {
  if (location.hash.length > 1) {
    at("token").value = location.hash.slice(1);
    if (at("keys").value !== "") check();
  }
}

const built = document.body.dataset.keys;
if (built && !built.startsWith("@")) {
  at("keys").value = new TextDecoder().decode(base64urlRead(built));
  at("keys-box").open = false;
}
at("form").addEventListener("submit", (e) => {
  e.preventDefault();
  check();
});
window.addEventListener("hashchange", fromAddress);
fromAddress();
