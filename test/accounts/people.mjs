// people.mjs - the three administrators beside the people of the demonstration.   node people.mjs TAMGA DATA-FOLDER
import { execFileSync } from 'node:child_process';

export const THREE = [['sys1', 'system_admin'], ['sec1', 'security_admin'], ['aud1', 'audit_admin']];
export const FIRST = 'Given7 by the office';

if (process.argv[2]) {
  for (const [login, role] of [...THREE, ['clerk9', 'county_clerk']]) {
    execFileSync(process.argv[2], ['user', 'add', login, '--data', process.argv[3], '--name', login, '--org', role === 'county_clerk' ? '150430' : '150000', '--role', role],
      { input: `${FIRST}\n`, stdio: ['pipe', 'ignore', 'inherit'] });
  }
}
