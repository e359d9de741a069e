/**
 * The gate on real cold starts of the local target: the same version twice is never blocked, a candidate without its load
 * optimisation always, and one with a +25 % delay in its load nearly always. Writes the table into docs/gate.md.
 * `node bench/gate/local.ts [--rounds 20] [--no-write]`
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decisiveMetric } from '../../src/gate/record/record-view.ts';
import { createGate } from '../../src/gate/rule/gate.ts';
import { type GateOptions, gateDefaults } from '../../src/gate/rule/options.ts';
import type { Verdict } from '../../src/gate/rule/verdict.ts';
import { silentLogger } from '../../src/log.ts';
import { armValues, measure } from '../../src/measure/measure.ts';
import type { SampleRequest } from '../../src/rollout/target.ts';
import { median } from '../goal.ts';
import { LocalArms } from './local-arms.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '20' }, 'no-write': { type: 'boolean' } },
});
const rounds = Number(values.rounds);
/** The cap that docs/gate.md advises where starts spread by more than 10 %. */
const noisy: GateOptions = { ...gateDefaults, maxSamples: 60 };

interface Outcome {
  verdict: Verdict;
  /** Median of the live version's load, ms. */
  baselineMs: number;
}

async function judge(
  arms: LocalArms,
  candidate: SampleRequest,
  baseline: SampleRequest,
  options: GateOptions = gateDefaults,
): Promise<Outcome> {
  const measured = await measure({
    ...{
      target: arms.target,
      gate: createGate(options),
      options,
      arms: { candidate, baseline },
      samples: [],
      spent: 0,
    },
    ...{ now: () => new Date(), signal: new AbortController().signal, log: silentLogger, onLook: async () => {} },
  });
  const loads = armValues(measured.samples, 'baseline').model_loaded_ms ?? [];
  return { verdict: measured.verdict, baselineMs: median(loads.filter((ms) => ms !== null)) };
}

interface Row {
  what: string;
  promised: string;
  count: Record<string, number>;
  starts: number;
  ratio: number;
  kept: boolean;
}

async function series(
  what: string,
  promised: string,
  kept: (count: Record<string, number>) => boolean,
  one: () => Promise<Outcome>,
): Promise<Row> {
  const outcomes: Outcome[] = [];
  for (let round = 0; round < rounds; round += 1) {
    outcomes.push(await one());
    console.log(`${what}, round ${round + 1}: ${outcomes.at(-1)?.verdict.line}`);
  }
  const count: Record<string, number> = { pass: 0, regression: 0, inconclusive: 0 };
  for (const { verdict } of outcomes) count[verdict.verdict] = (count[verdict.verdict] ?? 0) + 1;
  const mains = outcomes.flatMap(({ verdict }) => decisiveMetric(verdict) ?? []);
  const starts = median(mains.map((m) => m.n.candidate));
  return { what, promised, count, starts, ratio: median(mains.map((m) => m.ratio ?? Number.NaN)), kept: kept(count) };
}

async function prove(arms: LocalArms): Promise<Row[]> {
  const same = await series(
    'the same version twice',
    'never blocked',
    (c) => c['regression'] === 0,
    () => judge(arms, arms.arm('1.1.0'), arms.arm('1.0.0')),
  );
  const off = await series(
    'load optimisation removed',
    'always blocked',
    (c) => c['regression'] === rounds,
    () => judge(arms, arms.arm('1.2.0'), arms.arm('1.0.0')),
  );
  const bases: number[] = [];
  for (let i = 0; i < 3; i += 1)
    bases.push((await judge(arms, arms.arm('2.0.0'), arms.arm('2.0.0'), noisy)).baselineMs);
  const base = median(bases);
  const slowed = await arms.slowed(Math.round(base * 0.25));
  const atLeast = Math.floor(rounds * 0.95);
  const what = `+25 % (${Math.round(base * 0.25)} ms of ${Math.round(base)} ms) injected into the load, cap 60`;
  const late = await series(
    what,
    `blocked in ${atLeast} of ${rounds}`,
    (c) => (c['regression'] ?? 0) >= atLeast,
    () => judge(arms, arms.arm('2.0.0', slowed), arms.arm('2.0.0'), noisy),
  );
  return [same, off, late];
}

const arms = await LocalArms.open();
try {
  const rows = await prove(arms);
  const head =
    '| what | promised | blocked | passed | inconclusive | starts an arm | ratio | kept |\n|---|---|---|---|---|---|---|---|';
  const line = (r: Row) =>
    `| ${r.what} | ${r.promised} | ${r.count['regression']} | ${r.count['pass']} | ${r.count['inconclusive']} | ${r.starts} | ${r.ratio.toFixed(2)} | ${r.kept ? 'yes' : '**no**'} |`;
  const table = [head, ...rows.map(line)].join('\n');
  console.log(table);
  if (!values['no-write']) {
    const path = join(import.meta.dirname, '..', '..', 'docs', 'gate.md');
    const [before, rest = ''] = readFileSync(path, 'utf8').split('<!-- local:begin -->');
    const after = rest.split('<!-- local:end -->')[1] ?? '';
    writeFileSync(path, `${before}<!-- local:begin -->\n\n${table}\n\n<!-- local:end -->${after}`);
  }
  process.exitCode = rows.every((r) => r.kept) ? 0 : 1;
} finally {
  await arms.close();
}
