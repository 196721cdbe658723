// Repeat a published draw by lot without Tamga: node test/draw.mjs < draw.json
// In: {seed, word, purpose, want, per_stratum, candidates: [{key, stratum}]}, or a list of these.
// Out: the keys drawn, one a line, in the order of their tickets; an empty line after each draw.
// First check that SHA-256(seed) is the commitment that was published before the draw.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

const sha256 = (text) => createHash('sha256').update(text, 'utf8').digest('hex')
const input = JSON.parse(readFileSync(0, 'utf8'))
for (const { seed, word = '', purpose, want, per_stratum: limit = 0, candidates } of [input].flat()) {
  const taken = new Map()
  const tickets = candidates.map((c) => ({ ...c, ticket: sha256(`${seed}|${word}|${purpose}|${c.key}`) }))
  tickets.sort((a, b) => (a.ticket < b.ticket ? -1 : 1))
  let left = want
  for (const { key, stratum } of tickets) {
    if (left === 0) break
    if (limit > 0 && stratum && (taken.get(stratum) ?? 0) >= limit) continue
    taken.set(stratum, (taken.get(stratum) ?? 0) + 1)
    console.log(key)
    left--
  }
  console.log('')
}
