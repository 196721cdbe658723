// Checking a certificate with nothing but its text and public keys. Used by the page verify.html and by tests; no import, no network.
//
// A token is `TAMGA1.ed.<key id>.<payload>.<signature>` (src/fmt/sign.h). Only Ed25519 is checked here: browsers know no SM2.

// The order of the group of Ed25519: a signature whose S is not below it is a second form of another one, and refused (RFC 8032, 5.1.7).
const ORDER = (1n << 252n) + 27742317777372353535851937790883648493n;
const TEXTS = ["brand", "holder", "issuer", "level", "no"];
const DAY = /^\d{4}-\d\d-\d\d$/;

export class Refused extends Error {}
const refuse = (why) => { throw new Refused(why); };

export function base64url(bytes) {
  let s = "";
  for (const b of bytes) s += String.fromCharCode(b);
  return btoa(s).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

// Strict: no padding, no other signs, no stray bits.
export function base64urlRead(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) refuse("签名文本里有不该有的字符");
  const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  if (base64url(bytes) !== text) refuse("签名文本不完整");
  return bytes;
}

// The one token inside a text, an address or a file read as text.
export function findToken(text) {
  const all = new Set(text.match(/TAMGA1\.[A-Za-z0-9_.-]*/g) || []);
  if (all.size === 0) refuse("里面没有证书签名（以 TAMGA1. 开头的一段文字）");
  if (all.size > 1) refuse("里面有几份不同的证书签名，不能判断是哪一份");
  return [...all][0];
}

// The text of /keys.json, or keys written one a line: ed:…
export function readKeys(text) {
  const list = /^\s*\{/.test(text) ? JSON.parse(text).keys : (text.match(/(ed|sm):[A-Za-z0-9_-]+/g) || []).map((key) => ({ key }));
  const keys = list.filter((k) => typeof k.key === "string" && k.key.startsWith("ed:")).map((k) => ({ id: k.id, bytes: base64urlRead(k.key.slice(3)) }));
  if (keys.length === 0 || keys.some((k) => k.bytes.length !== 32)) refuse("没有可用的公钥（应为 keys.json 的内容，或形如 ed:… 的公钥）");
  return keys;
}

async function holds(key, bytes, sig, tools) {
  let s = 0n;
  for (let i = 63; i >= 32; i--) s = (s << 8n) | BigInt(sig[i]);
  if (s >= ORDER) return false;
  const subtle = tools.subtle;
  let imported = null;
  try {
    imported = subtle ? await subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]) : null;
  } catch {
    imported = null; // a browser without Ed25519
  }
  if (imported) return subtle.verify({ name: "Ed25519" }, imported, sig, bytes);
  if (!tools.fallback) refuse("这个浏览器不能核对签名");
  return tools.fallback(bytes, sig, key);
}

// The payload of an envelope signed by one of keys. tools: {subtle, fallback(bytes, sig, key)}.
export async function checkEnvelope(text, keys, tools) {
  const part = text.split(".");
  if (part.length !== 5 || part[0] !== "TAMGA1" || !/^[0-9a-f]{16}$/.test(part[2]) || part[4].length !== 86) refuse("这不是完整的签名文本（应以 TAMGA1. 开头，共五段）");
  if (part[1] === "sm") refuse("这是国密 SM2 签名，本页不能核对；请用 tamga verify-certificate，或在发证单位的网站核对");
  if (part[1] !== "ed") refuse("不认识的签名算法");
  const payload = base64urlRead(part[3]), sig = base64urlRead(part[4]);
  const head = new TextEncoder().encode(text.slice(0, text.lastIndexOf(".")));
  const candidates = keys.filter((k) => k.id === undefined || k.id === part[2]);
  if (candidates.length === 0) refuse("签名所用的密钥不在已知的公钥之中");
  for (const k of candidates) {
    if (await holds(k.bytes, head, sig, tools)) {
      try {
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload);
      } catch {
        refuse("签名相符，但内容不是证书");
      }
    }
  }
  return refuse("签名不符：内容被改动过，或者不是由这个密钥签出的");
}

const realDay = (s) => typeof s === "string" && DAY.test(s) && !Number.isNaN(Date.parse(s)) && new Date(s).toISOString().startsWith(s);

function parse(text, what) {
  try {
    return JSON.parse(text);
  } catch {
    return refuse(`签名相符，但内容不是${what}`);
  }
}

function certificate(text) {
  const c = parse(text, "证书");
  const names = ["brand", "holder", "issued", "issuer", "level", "log", "no", "until", "v"];
  const good = c !== null && typeof c === "object" && JSON.stringify(Object.keys(c)) === JSON.stringify(names) && c.v === 1
    && TEXTS.every((n) => typeof c[n] === "string" && c[n] !== "") && realDay(c.issued) && realDay(c.until) && c.issued <= c.until
    && (c.log === null || (Number.isSafeInteger(c.log) && c.log >= 0)) && JSON.stringify(c) === text;
  return good ? c : refuse("签名相符，但内容不是证书");
}

function revocations(text) {
  const l = parse(text, "撤销名单");
  const good = l !== null && typeof l === "object" && JSON.stringify(Object.keys(l)) === '["at","revoked","v"]' && l.v === 1
    && Array.isArray(l.revoked) && l.revoked.every((r) => typeof r.no === "string" && realDay(r.on));
  return good ? l : refuse("签名相符，但内容不是撤销名单");
}

// verdict: "valid", "early", "expired", "revoked" or "forged"; why in words; the certificate unless forged. today: the day in China.
export async function verify(text, { keys, revoked = "", today, subtle, fallback }) {
  const tools = { subtle, fallback };
  try {
    const c = certificate(await checkEnvelope(findToken(text), keys, tools));
    let list = null;
    if (revoked.trim() !== "") list = revocations(await checkEnvelope(findToken(revoked), keys, tools));
    const hit = list && list.revoked.find((r) => r.no === c.no);
    if (hit) return { verdict: "revoked", why: `已于 ${hit.on} 撤销`, certificate: c };
    if (today > c.until) return { verdict: "expired", why: `有效期到 ${c.until} 为止`, certificate: c };
    if (today < c.issued) return { verdict: "early", why: `自 ${c.issued} 起有效`, certificate: c };
    return { verdict: "valid", why: list ? `撤销名单签于 ${list.at}，其中没有这份证书` : "没有核对是否撤销：未提供撤销名单", certificate: c };
  } catch (e) {
    if (e instanceof Refused) return { verdict: "forged", why: e.message, certificate: null };
    throw e;
  }
}
