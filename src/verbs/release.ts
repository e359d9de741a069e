import type { ModelEntry } from '../config/types.ts';
import { assertSound } from '../registry/pointer/check.ts';
import { readLive } from '../registry/pointer/live-pointer.ts';
import { evaluateVersion } from '../steps/quality/report.ts';
import { bringVersion, openOrigin, shareStore, withCopy } from '../steps/release/bring-version.ts';
import { rolledBackSince } from '../steps/release/rolled-back-since.ts';
import { eachModel, joinSteps, type ModelResult } from '../steps/results.ts';
import { readStoredVersion } from '../steps/stored-version.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { versionFor } from '../steps/version-for.ts';
import { openWorkspace, type WorkInput, type Workspace } from '../steps/workspace.ts';
import { run as deploy } from './deploy.ts';
import { run as destroy } from './destroy.ts';
import { run as promote } from './promote.ts';
import { run as verify } from './verify.ts';
import { run as warmup } from './warmup.ts';

export interface ReleaseInput extends WorkInput {
  version?: string | undefined;
  /** Environment that the version is published in, where that is another store. */
  from?: string | undefined;
  fresh: boolean;
  reportPath: string;
  /** How long the live endpoint is watched afterwards, s; default of models.yaml. */
  watch?: number | undefined;
}

/** Input of every step of one model's release. */
interface Release {
  model: string;
  version: string;
  place: WorkInput & { version: string };
  input: ReleaseInput;
  context: Context;
  /** Where the version is copied from; undefined where it is in this store. */
  origin: Workspace | undefined;
  steps: ModelResult[];
}

/** Runs a verb on the one model and keeps its result. Returns true if the release may continue. */
async function step(release: Release, title: string, work: () => Promise<VerbResult>): Promise<boolean> {
  const { model, context, steps } = release;
  return context.log.group(`${model}: ${title}`, async () => {
    const { outputs, document, lines, summary, failure } = await work();
    const { results: _, ...own } = outputs;
    const { results: __, ...facts } = document;
    for (const line of lines) context.log.info(`  ${line}`);
    const text = summary.replace(/^## .*\n\n### .*\n\n/, '');
    steps.push({ model, outputs: own, document: facts, lines: [], summary: text, failure });
    return failure === undefined;
  });
}

/** Live already: promote proves it and changes nothing else. */
async function isLive({ store, environment }: Workspace, { model, version }: Release): Promise<boolean> {
  const place = { store, model, pointer: environment.pointer };
  const live = await readLive(place);
  if (live) await assertSound(place, live);
  if (live?.version !== version) return false;
  return live.manifest_sha256 === (await readStoredVersion(store, model, version)).manifestSha256;
}

/** Holds the answers to the examples, where there are any, against those of what is live. */
async function passesQuality(workspace: Workspace, release: Release): Promise<boolean> {
  const { model, version, input, context, steps } = release;
  const { store, environment } = workspace;
  const entry = entryOf(workspace, model);
  if (!entry.quality) return true;
  return context.log.group(`${model}: evaluate`, async () => {
    const candidate = await readStoredVersion(store, model, version);
    const live = await readLive({ store, model, pointer: environment.pointer });
    const { fresh, reportPath } = input;
    const report = await evaluateVersion({ workspace, entry, candidate, live, fresh, reportPath, context });
    for (const line of report.lines) context.log.info(`  ${line}`);
    steps.push({ ...report, lines: [] });
    return !report.failure;
  });
}

async function gate(workspace: Workspace, release: Release): Promise<boolean> {
  const { place, input, context } = release;
  const { fresh, reportPath } = input;
  return (
    (await passesQuality(workspace, release)) &&
    (await step(release, 'deploy the candidate', () => deploy(place, context))) &&
    (await step(release, 'warm up', () => warmup({ ...place, fresh, reportPath }, context)))
  );
}

function entryOf({ models }: Workspace, model: string): ModelEntry {
  const entry = models.find((m) => m.name === model);
  if (!entry) throw new RangeError(`${model} is not among the models`);
  return entry;
}

/** Copies the version into this environment's store and reads it back. */
async function bring(workspace: Workspace, origin: Workspace, release: Release): Promise<void> {
  const { model, version, context, steps } = release;
  const entry = entryOf(workspace, model);
  await context.log.group(`${model}: copy`, async () => {
    const copy = await bringVersion(origin, workspace, entry, version, context);
    const blank = { model, outputs: {}, document: {}, lines: [], summary: '' };
    const report = withCopy(blank, origin.store.url, workspace.store.url, copy);
    for (const line of report.lines) context.log.info(`  ${line}`);
    steps.push({ ...report, lines: [] });
  });
}

async function releaseModel(workspace: Workspace, release: Release): Promise<ModelResult> {
  const { model, place, input, context, steps } = release;
  const { watch } = input;
  if (release.origin) await bring(workspace, release.origin, release);
  if (!(await step(release, 'verify', () => verify({ ...place, deep: false }, context))))
    return joinSteps(model, steps);
  const here = await isLive(workspace, release);
  const removeCandidates = async () => {
    if (!here && !context.dryRun) await destroy({ ...place, candidates: true }, context);
  };
  try {
    const rule = here || context.dryRun ? ('recorded' as const) : ('required' as const);
    if (!here && !context.dryRun && !(await gate(workspace, release))) await removeCandidates();
    else await step(release, 'promote', () => promote({ ...place, gate: rule, watch }, context));
  } catch (error) {
    await removeCandidates().catch(() => context.log.warn('The candidate stays: run coldgate destroy --candidates.'));
    throw error;
  }
  return joinSteps(model, steps);
}

/** `coldgate release`: a version that was published before goes live by the same steps as with `ship`. */
export async function run(input: ReleaseInput, context: Context): Promise<VerbResult> {
  const workspace = await openWorkspace(input, context, { checkFiles: false });
  const { from } = input;
  const other = from === undefined ? undefined : await openOrigin({ ...input, from }, workspace, context);
  const origin = other && !shareStore(other, workspace) ? other : undefined;
  return eachModel('release', workspace.models, async (entry) => {
    const version = versionFor(input.version, entry, workspace.models);
    const { config, environment } = input;
    const place = { config, environment, model: [entry.name], version };
    const stays = await rolledBackSince(workspace, entry, version, context);
    if (stays) return stays;
    return releaseModel(workspace, { model: entry.name, version, place, input, context, origin, steps: [] });
  });
}
