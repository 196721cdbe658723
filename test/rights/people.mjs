// people.mjs - besides the people of the demonstration: roles that it has in one office only, in other offices, and persons of two roles.
//   node people.mjs TAMGA DATA-FOLDER
import { execFileSync } from 'node:child_process';

export const FIRST = 'given-by-the-office';
export const MORE = [['t_city', '150500', 'city_clerk'], ['t_city2', '150700', 'city_clerk,city_reviewer'], ['t_county', '150429', 'county_clerk,enterprise'],
  ['t_firm', '150430', 'enterprise'], ['t_expert', '150430', 'expert'], ['t_auditor', '150400', 'auditor'], ['t_admin', '150430', 'org_admin'],
  ['t_region', '150000', 'region_publisher,supervisor'], ['t_review', '150800', 'city_reviewer']];

if (process.argv[2]) {
  for (const [login, org, role] of MORE) {
    execFileSync(process.argv[2], ['user', 'add', login, '--data', process.argv[3], '--name', '演示', '--org', org, '--role', role],
      { input: `${FIRST}\n`, stdio: ['pipe', 'ignore', 'inherit'] });
  }
}
