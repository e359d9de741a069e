/**
 * Runs the benchmarks and writes what each found into its section of docs/benchmarks.md. Names of single benchmarks may be
 * given. `--quick` takes small sizes and few rounds, writes nothing and fails only when a goal is missed by far.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { acting } from '../bench/action.ts';
import { deploying } from '../bench/deploy.ts';
import { deployingOnAzure } from '../bench/deploy-azure.ts';
import { deployingOnCloudRun } from '../bench/deploy-cloud-run.ts';
import { loadingExternalData } from '../bench/handler/external.ts';
import { flipping } from '../bench/handler/flips.ts';
import { hashing } from '../bench/handler/hashing.ts';
import { importing } from '../bench/handler/imports.ts';
import { loading } from '../bench/handler/loads.ts';
import { packing } from '../bench/handler/packing.ts';
import { readingThroughCache } from '../bench/handler/read-copy.ts';
import { becomingReady, startingOnCloudRun } from '../bench/handler/ready.ts';
import { takingTexts } from '../bench/handler/texts.ts';
import { answering } from '../bench/handler/throughput.ts';
import { writing } from '../bench/handler/writing.ts';
import { followingTogether } from '../bench/herd/following.ts';
import { keepingLargeModels } from '../bench/large-models.ts';
import { readingHeads } from '../bench/manifest.ts';
import { publishingManyFiles } from '../bench/many-files.ts';
import { pruningManyVersions } from '../bench/many-versions.ts';
import { packaging } from '../bench/package.ts';
import { promoting } from '../bench/promote.ts';
import { publishing } from '../bench/publish.ts';
import { queueing } from '../bench/queue.ts';
import { starting } from '../bench/start.ts';
import { storingOnAzure } from '../bench/stores-azure.ts';
import { storingOnS3 } from '../bench/stores-s3.ts';
import { validating } from '../bench/validate.ts';
import { root } from './node24.mjs';

const handler = {
  loading,
  loadingExternalData,
  becomingReady,
  startingOnCloudRun,
  importing,
  hashing,
  answering,
  writing,
  packing,
  flipping,
  queueing,
  followingTogether,
  readingThroughCache,
  takingTexts,
};
const stores = {
  ...{ publishing, publishingManyFiles, pruningManyVersions, keepingLargeModels },
  ...{ storingOnS3, storingOnAzure, promoting },
};
const all = {
  ...stores,
  starting,
  acting,
  validating,
  readingHeads,
  packaging,
  deploying,
  deployingOnCloudRun,
  deployingOnAzure,
  ...handler,
};
const quick = process.argv.includes('--quick');
const named = process.argv.slice(2).filter((a) => !a.startsWith('--'));
const scratch = join(root, '.scratch');

const decimals = { MB: 1, s: 2, requests: 1 };
const number = (goal) =>
  goal.unit === '×'
    ? `${goal.value.toFixed(goal.value < 0.1 ? 3 : 2)} ×`
    : `${goal.value.toFixed(decimals[goal.unit] ?? 0)} ${goal.unit}`;
/** A row without a limit only stands beside the others. */
const limit = (goal) => (Number.isFinite(goal.limit) ? `≤ ${+goal.limit.toFixed(3)} ${goal.unit}` : 'none');

const row = (g) =>
  `| ${g.what} | ${g.ours} | ${g.peer ? `${g.theirs} (${g.peer})` : ''} | **${number(g)}** | ${limit(g)} |`;

/** What one benchmark found, and where and when. */
const section = (name, goals) => `## ${name}

\`npm run bench -- ${name}\`, on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} × ${cpus()[0].model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, ${process.platform}-${process.arch}.

| what | ours | beside it | ratio or size | goal |
|---|---|---|---|---|
${goals.map(row).join('\n')}
`;

/** Replaces the benchmark's section of the page; those of the others stay as they are. */
function note(name, goals) {
  const path = join(root, 'docs', 'benchmarks.md');
  const [head, ...sections] = readFileSync(path, 'utf8').split(/^(?=## )/m);
  const kept = new Map(sections.map((text) => [/^## (.*)/.exec(text)[1], text.trimEnd()]));
  kept.set(name, section(name, goals).trimEnd());
  const ordered = Object.keys(all).flatMap((key) => kept.get(key) ?? []);
  writeFileSync(path, `${[head.trimEnd(), ...ordered].join('\n\n')}\n`);
}

const goals = [];
for (const [name, run] of Object.entries(all)) {
  if (named.length > 0 && !named.includes(name)) continue;
  const found = await run({ quick, scratch });
  goals.push(...found);
  for (const goal of found) {
    const peer = goal.theirs ? ` (${goal.ours} beside ${goal.theirs} of ${goal.peer})` : '';
    const word = !Number.isFinite(goal.limit) ? 'beside' : goal.value <= goal.limit ? 'met   ' : 'MISSED';
    console.log(`${word} ${goal.what}: ${number(goal)}, goal ${limit(goal)}${peer}`);
  }
  if (!quick) note(name, found);
}

// On a machine that other work shares, a quick run catches slips of kind, not of degree.
const tolerated = quick ? 1.6 : 1;
const isTime = ({ unit }) => unit === '×' || unit === 'ms' || unit === 's';
process.exitCode = goals.every((g) => g.value <= g.limit * (isTime(g) ? tolerated : 1)) ? 0 : 1;
