// facts.mjs - the database behind the server, read and prepared by SQL that both engines understand: the file TAMGA_FACTS, or the server,
// with the eyes of TAMGA_TEST_SUPER, whom row-level security does not hold.
import { execFileSync } from 'node:child_process';

const server = process.env.TAMGA_TEST_DB && process.env.TAMGA_TEST_SUPER;
const big = { maxBuffer: 1 << 29 };

/** Rows of a query, each value as text, a number only where it is one beyond doubt. */
export function sql(text) {
  if (!server) return JSON.parse(execFileSync('sqlite3', ['-json', process.env.TAMGA_FACTS, text], big).toString() || '[]');
  return JSON.parse(execFileSync('psql', ['-qAtX', server, '-c', `select coalesce(json_agg(x), '[]') from (${text}) x`], big).toString());
}

/** Statements in one transaction. */
export function exec(statements) {
  const input = ['begin', ...statements, 'commit'].join(';\n') + ';\n';
  if (!server) execFileSync('sqlite3', ['-bail', process.env.TAMGA_FACTS], { ...big, input });
  else execFileSync('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', server], { ...big, input });
}
