// ctl.mjs - how tests tell inject.c what fails, and chance that is the same for the same seed.
import fs from 'node:fs';

export const KIND = { ALLOC: 1, WRITE: 2, SYNC: 4, TRUNCATE: 8, OPEN: 16, NAME: 32, LIMIT: 64, READ: 128, LOOK: 256 };
export const EIO = 5, ENOSPC = 28;

/** The mapped file: arm(kinds, nth, sticky, errno) lets the nth operation of these kinds fail, 0 only counts; disarm() tells what was counted. */
export function control(file) {
  fs.writeFileSync(file, Buffer.alloc(128));
  const ctl = fs.openSync(file, 'r+');
  const arm = (kinds, nth, sticky = false, errno = 0) => {
    const b = Buffer.alloc(128);
    [0, nth, sticky ? 1 : 0, errno, 0, 0, process.env.TRACE ? 1 : 0].forEach((v, i) => b.writeBigInt64LE(BigInt(v), i * 8));
    fs.writeSync(ctl, b, 0, 128, 0);
    b.writeBigInt64LE(BigInt(kinds), 0);
    fs.writeSync(ctl, b, 0, 8, 0); // the kinds last: from here it counts
  };
  const disarm = () => {
    fs.writeSync(ctl, Buffer.alloc(8), 0, 8, 0);
    const b = Buffer.alloc(128);
    fs.readSync(ctl, b, 0, 128, 0);
    return { count: Number(b.readBigInt64LE(32)), hits: Number(b.readBigInt64LE(40)), unchecked: Number(b.readBigInt64LE(56)) };
  };
  return { arm, disarm };
}

/** dice(n): 0 … n-1; the same row for the same seed (mulberry32). */
export function chance(seed) {
  let random = (seed * 2654435761 + 1) >>> 0;
  return (n) => {
    random = (random + 0x6D2B79F5) >>> 0;
    let t = Math.imul(random ^ (random >>> 15), random | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

/** chosen(total, points, dice): every number of 1 … total (points 0), or so many spread over them. */
export function* chosen(total, points, dice) {
  if (points === 0 || total <= points) { for (let i = 1; i <= total; i++) yield i; return; }
  for (let i = 0; i < points; i++) yield 1 + Math.floor(((i + dice(1000) / 1000) * total) / points);
}
