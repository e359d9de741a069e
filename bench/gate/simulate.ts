/**
 * Simulates the gate and writes the tables of docs/gate.md: `node bench/gate/simulate.ts [--trials N]`. Seeds are fixed,
 * so the same trials give the same numbers; 20,000 a cell take about two minutes on one core.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { boundaryTable, driftTable, spreadTable, tailTable, usualTable } from './tables.ts';

const { values } = parseArgs({ options: { trials: { type: 'string', default: '20000' } } });
const trials = Number(values.trials);
if (!Number.isInteger(trials) || trials < 100) throw new RangeError('--trials expects a whole number of at least 100');

const parts: Record<string, (trials: number) => string> = {
  boundary: boundaryTable,
  usual: usualTable,
  spread: spreadTable,
  drift: driftTable,
  tail: tailTable,
};

const path = join(import.meta.dirname, '..', '..', 'docs', 'gate.md');
let text = readFileSync(path, 'utf8');
for (const [name, make] of Object.entries(parts)) {
  const begin = `<!-- simulated ${name}: node bench/gate/simulate.ts -->`;
  const end = `<!-- end ${name} -->`;
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new RangeError(`docs/gate.md has no place for the table ${name}`);
  const table = make(trials);
  process.stdout.write(`${name}\n${table}\n\n`);
  text = `${text.slice(0, from + begin.length)}\n\n${table}\n\n${text.slice(to)}`;
}
writeFileSync(
  path,
  text.replace(/(<!-- trials -->)[^<]*(<!-- end trials -->)/, `$1${trials.toLocaleString('en-US')}$2`),
);
