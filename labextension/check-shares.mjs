// The sliders' arithmetic, in the panel and in the notebook's view, against the table that the Python tests use, too:
// node check-shares.mjs BUILT/panel/shares.js WIDGET/shares.js TABLE.json

import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';

const [built, widget, table] = process.argv.slice(2);
const moduleOf = text => import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`);
const panel = await moduleOf(readFileSync(built, 'utf8'));
const view = await moduleOf(`${readFileSync(widget, 'utf8')}\nexport { balanced, within };`);
const cases = JSON.parse(readFileSync(table, 'utf8'));
let wrong = cases.length ? 0 : 1;
for (const { shares, moved, share, found } of cases) {
  for (const [where, { balanced }] of Object.entries({ panel, view })) {
    const got = balanced(shares, moved, share);
    if (!isDeepStrictEqual(got, found)) {
      console.error(`${where}: ${moved} to ${share} of ${JSON.stringify(shares)} gives ${JSON.stringify(got)}, not ${JSON.stringify(found)}`);
      wrong += 1;
    }
  }
}
// Deployments that others have deleted or added while sliders were moved.
const LEFT = [
  [{ blue: 56, green: 24, red: 20 }, ['blue', 'green', 'teal'], { blue: 70, green: 30, teal: 0 }],
  [{ blue: 34, green: 33, red: 33 }, ['green', 'red'], { green: 50, red: 50 }],
  [{ blue: 0, green: 0, red: 100 }, ['blue', 'green'], { blue: 100, green: 0 }],
  [{ blue: 0, red: 0 }, ['blue'], { blue: 0 }],
  [{ blue: 40, green: 30, red: 30 }, ['teal', 'green'], { teal: 0, green: 100 }]
];
for (const [shares, names, found] of LEFT) {
  for (const [where, { within }] of Object.entries({ panel, view })) {
    if (!isDeepStrictEqual(within(shares, names), found)) {
      console.error(`${where}: ${JSON.stringify(shares)} within ${names} gives ${JSON.stringify(within(shares, names))}`);
      wrong += 1;
    }
  }
}
process.exit(wrong ? 1 : 0);
