import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { renderMarkdown } from '../gate/markdown.ts';
import { encodeRecord, type GateRecord } from '../gate/record.ts';
import { decisiveMetric } from '../gate/record-view.ts';
import { renderSvg } from '../gate/svg.ts';
import { renderTerminal, renderTerminalDetails } from '../gate/terminal.ts';
import type { GateRecord as PointerGate } from '../model/pointer.ts';
import { readPointer } from '../registry/read-pointer.ts';
import { prepareDeployment } from './deployment.ts';
import { gateFailure } from './gate-failure.ts';
import { runGate } from './gate-run.ts';
import { eachModel, type ModelResult } from './results.ts';
import { readStoredVersion } from './stored-version.ts';
import type { Context, VerbResult } from './verb.ts';
import { versionFor } from './version-for.ts';
import { openWorkspace, type WorkInput } from './workspace.ts';

export interface WarmupInput extends WorkInput {
  version?: string | undefined;
  maxSamples?: number | undefined;
  fresh: boolean;
  reportPath: string;
}

const number = (value: number | null | undefined, digits: number): string =>
  value === null || value === undefined ? '' : value.toFixed(digits);

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
  const outputs = {
    verdict: verdict.verdict,
    ratio: number(main?.ratio, 4),
    lower: number(main?.lower, 4),
    upper: number(main?.upper, 4),
    'candidate-p50': number(main?.median.candidate, 1),
    'candidate-p95': number(main?.p95.candidate, 1),
    'baseline-p50': number(main?.median.baseline, 1),
    'report-path': reportPath,
  };
  return {
    model,
    outputs,
    document: { ...outputs, reason: verdict.reason, record },
    // The failure's own words say verdict and advice.
    lines: [...(failure ? renderTerminalDetails(record) : renderTerminal(record)), `Every sample: ${reportPath}`],
    summary: renderMarkdown(record),
    failure,
  };
}

/** `coldgate warmup`. */
export async function run(input: WarmupInput, context: Context): Promise<VerbResult> {
  const workspace = await openWorkspace(input, context, { checkFiles: false });
  const { store, environment, models } = workspace;
  return eachModel('warmup', models, async (entry) => {
    const candidate = await readStoredVersion(store, entry.name, versionFor(input.version, entry, models));
    const live = (await readPointer(store, entry.name, environment.pointer))?.pointer;
    const deployment = await prepareDeployment(workspace, entry, context);
    const options = input.maxSamples === undefined ? entry.gate : { ...entry.gate, maxSamples: input.maxSamples };
    const { fresh } = input;
    const record = await runGate({ workspace, entry, candidate, live, deployment, options, fresh, context });
    return warmupReport(record, await writeReport(record, input.reportPath, context.cwd));
  });
}
