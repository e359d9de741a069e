/**
 * Writes the tables of docs/quality.md: `node bench/gate/quality.ts`. Of right and wrong every outcome is enumerated, so the
 * numbers are exact; about a minute on one core.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { borders, chances, largest } from './outcomes.ts';
import { share, table } from './tables.ts';

const points = (values: readonly number[]) => values.map((value) => String(value * 100)).join(' / ');

/** Gained items that any rate up to 30 % makes likely. */
const maxGained = (n: number) => Math.min(n, Math.ceil(0.15 * n + 9 * Math.sqrt(0.13 * n) + 10));

/** Error rates at the very margins, the largest over disagreement rates up to 30 %. */
function sizeTable(): string {
  const [tolerances, limits] = [
    [0, 0.005, 0.01, 0.02],
    [0.02, 0.03, 0.04, 0.05, 0.1],
  ];
  const rows = [20, 50, 100, 200, 500, 1000, 2000].map((n) => {
    const most = maxGained(n);
    const block = tolerances.map((at) => share(largest(n, at, borders(n, at, 0.5, most)).block));
    const pass = limits.map((at) => share(largest(n, at, borders(n, 0, at, most)).pass));
    return [n.toLocaleString('en-US'), block.join(' / '), pass.join(' / ')];
  });
  const head = [
    'items',
    `blocked at exactly ${points(tolerances)} points (<= 2.5)`,
    `passed at exactly ${points(limits)} points (<= 1)`,
  ];
  return table(head, rows);
}

/** Blocked and passed with the defaults, by the true loss and what the candidate gains by chance. */
function powerTable(): string {
  const losses = [0, 0.01, 0.02, 0.03, 0.05, 0.1];
  const rows = [100, 200, 400, 800, 2000].flatMap((n) => {
    const found = borders(n, 0.005, 0.04, maxGained(n));
    return [0, 0.005, 0.01, 0.02, 0.05].map((gain) => {
      const cells = losses.map((loss) => {
        const { block, pass } = chances(n, loss + gain, gain, found);
        return `${share(block)} / ${share(pass)}`;
      });
      return [n.toLocaleString('en-US'), `${gain * 100} %`, ...cells];
    });
  });
  return table(['items', 'gained', ...losses.map((loss) => `${loss * 100} points`)], rows);
}

const parts: Record<string, () => string> = { sizes: sizeTable, power: powerTable };
const path = join(import.meta.dirname, '..', '..', 'docs', 'quality.md');
let text = readFileSync(path, 'utf8');
for (const [name, make] of Object.entries(parts)) {
  const begin = `<!-- enumerated ${name}: node bench/gate/quality.ts -->`;
  const end = `<!-- end ${name} -->`;
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new RangeError(`docs/quality.md has no place for the table ${name}`);
  const made = make();
  process.stdout.write(`${name}\n${made}\n\n`);
  text = `${text.slice(0, from + begin.length)}\n\n${made}\n\n${text.slice(to)}`;
}
writeFileSync(path, text);
