import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { renderMarkdown } from '../gate/markdown.ts';
import { encodeRecord, type GateRecord } from '../gate/record.ts';
import { decisiveMetric } from '../gate/record-view.ts';
import { renderSvg } from '../gate/svg.ts';
import { renderTerminal, renderTerminalDetails } from '../gate/terminal.ts';
import type { GateRecord as PointerGate } from '../model/pointer.ts';
import { readLive } from '../registry/live-pointer.ts';
import { asksForBurst, type BurstInput, burstModel, checkBurst } from './burst.ts';
import { prepareDeployment } from './deployment.ts';
import { gateFailure } from './gate-failure.ts';
import { runGate } from './gate-run.ts';
import { eachModel, type ModelResult } from './results.ts';
import { readStoredVersion } from './stored-version.ts';
import type { Context, VerbResult } from './verb.ts';
import { versionFor } from './version-for.ts';
import { openWorkspace, type WorkInput } from './workspace.ts';

export interface WarmupInput extends WorkInput, BurstInput {
  maxSamples?: number | undefined;
  fresh: boolean;
}

/** What the pointer says of the gate that a version went through. */
export function pointerGate({ verdict }: GateRecord): PointerGate {
  const main = decisiveMetric(verdict);
  const word = verdict.verdict === 'error' ? 'none' : verdict.verdict;
  return {
    verdict: word,
    ...(main?.ratio != null && { ratio: main.ratio }),
    ...(main?.lower != null && { lower: main.lower }),
    ...(main?.upper != null && { upper: main.upper }),
  };
}

/** Writes the record as JSON and its picture as SVG; answers the JSON file's path, as the user would type it. */
export async function writeReport(record: GateRecord, folder: string, cwd: string): Promise<string> {
  const absolute = resolve(cwd, folder);
  await mkdir(absolute, { recursive: true });
  const name = join(absolute, `${record.model}-${record.candidate.version}`);
  await writeFile(`${name}.json`, encodeRecord(record));
  await writeFile(`${name}.svg`, renderSvg(record));
  const path = relative(cwd, `${name}.json`);
  return path.startsWith('..') ? `${name}.json` : path;
}

export function warmupReport(record: GateRecord, reportPath: string): ModelResult {
  const { verdict, model } = record;
  const main = decisiveMetric(verdict);
  const failure = gateFailure(verdict);
  const numbers = {
    ratio: main?.ratio ?? null,
    lower: main?.lower ?? null,
    upper: main?.upper ?? null,
    'candidate-p50': main?.median.candidate ?? null,
    'candidate-p95': main?.p95.candidate ?? null,
    'baseline-p50': main?.median.baseline ?? null,
  };
  const outputs = {
    verdict: verdict.verdict,
    ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, value?.toFixed(4) ?? ''])),
    'report-path': reportPath,
  };
  return {
    model,
    outputs,
    document: { verdict: verdict.verdict, reason: verdict.reason, ...numbers, 'report-path': reportPath, record },
    // The failure's own words say verdict and advice.
    lines: [...(failure ? renderTerminalDetails(record) : renderTerminal(record)), `Every sample: ${reportPath}`],
    summary: renderMarkdown(record),
    failure,
  };
}

/** `coldgate warmup`. */
export async function run(input: WarmupInput, context: Context): Promise<VerbResult> {
  checkBurst(input);
  const workspace = await openWorkspace(input, context, { checkFiles: false });
  const { store, environment, models } = workspace;
  return eachModel('warmup', models, async (entry) => {
    if (asksForBurst(input)) return burstModel(workspace, entry, input, context);
    const candidate = await readStoredVersion(store, entry.name, versionFor(input.version, entry, models));
    const live = await readLive({ store, model: entry.name, pointer: environment.pointer });
    const deployment = await prepareDeployment(workspace, entry, context);
    const options = input.maxSamples === undefined ? entry.gate : { ...entry.gate, maxSamples: input.maxSamples };
    const { fresh } = input;
    const record = await runGate({ workspace, entry, candidate, live, deployment, options, fresh, context });
    return warmupReport(record, await writeReport(record, input.reportPath, context.cwd));
  });
}
