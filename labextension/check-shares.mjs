// The sliders' arithmetic, in the panel and in the notebook's view, against the table that the Python tests use, too:
// node check-shares.mjs BUILT/panel/shares.js WIDGET/shares.js TABLE.json

import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';

const [built, widget, table] = process.argv.slice(2);
const moduleOf = text => import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`);
const panel = (await moduleOf(readFileSync(built, 'utf8'))).balanced;
const view = (await moduleOf(`${readFileSync(widget, 'utf8')}\nexport { balanced };`)).balanced;
const cases = JSON.parse(readFileSync(table, 'utf8'));
let wrong = cases.length ? 0 : 1;
for (const { shares, moved, share, found } of cases) {
  for (const [where, balanced] of Object.entries({ panel, view })) {
    const got = balanced(shares, moved, share);
    if (!isDeepStrictEqual(got, found)) {
      console.error(`${where}: ${moved} to ${share} of ${JSON.stringify(shares)} gives ${JSON.stringify(got)}, not ${JSON.stringify(found)}`);
      wrong += 1;
    }
  }
}
process.exit(wrong ? 1 : 0);
