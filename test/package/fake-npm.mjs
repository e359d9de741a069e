// Stands in for npm: `node fake-npm.mjs <what> pack <spec> … --pack-destination <folder>`. <what> is an archive to hand
// out, or a fault. Leaves the arguments beside the archive for the test to read.
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [what, ...args] = process.argv.slice(2);
const into = args[args.indexOf('--pack-destination') + 1];
if (what === 'offline') {
  console.log(
    JSON.stringify({ error: { code: 'ENOTFOUND', summary: 'request failed, reason: getaddrinfo ENOTFOUND' } }),
  );
  process.exit(1);
} else if (what === 'old-npm') {
  console.error('npm ERR! code E401\nnpm ERR! Unable to authenticate, need: Basic');
  process.exit(1);
} else if (what === 'hang') {
  setInterval(() => {}, 1000);
} else if (what !== 'silent') {
  copyFileSync(what, join(into, 'archive.tgz'));
  writeFileSync(`${what}.args`, JSON.stringify(args.filter((arg) => arg !== into)));
}
