import type { ModelEntry } from '../config/types.ts';
import { GateError } from '../errors.ts';
import type { GateRecord } from '../gate/record/record.ts';
import type { Pointer, GateRecord as PointerGate } from '../model/pointer.ts';
import { assertSound } from '../registry/pointer/check.ts';
import type { MoveResult } from '../registry/pointer/move-result.ts';
import { Pace } from '../registry/pointer/pace.ts';
import { promoteVersion } from '../registry/pointer/promote.ts';
import { readPointer } from '../registry/pointer/read-pointer.ts';
import type { CopyResult } from '../registry/publish/copy-version.ts';
import { readVersion } from '../registry/version/contents.ts';
import { type Deployment, prepareDeployment } from '../steps/deployment.ts';
import { checkRecordedQuality } from '../steps/quality/report.ts';
import { bringVersion, openOrigin, shareStore, withCopy } from '../steps/release/bring-version.ts';
import { gateFailure, pointerGate } from '../steps/release/gate-report.ts';
import { moveReport } from '../steps/release/move-report.ts';
import { gateRecords } from '../steps/release/record-store.ts';
import { rolledBackSince } from '../steps/release/rolled-back-since.ts';
import { isDeployed, prepareLive, routeLive } from '../steps/release/route-live.ts';
import { liveBefore, watchLive, watchSeconds } from '../steps/release/watch.ts';
import { eachModel, joinSteps, type ModelResult } from '../steps/results.ts';
import { readStoredVersion, type StoredVersion } from '../steps/stored-version.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { versionFor } from '../steps/version-for.ts';
import { openWorkspace, type WorkInput, type Workspace } from '../steps/workspace.ts';

export interface PromoteVerbInput extends WorkInput {
  version?: string | undefined;
  gate: 'recorded' | 'required' | 'skip';
  /** Environment that the version is published in, where that is another store. */
  from?: string | undefined;
  /** How long the live endpoint is watched afterwards, s; default of models.yaml. */
  watch?: number | undefined;
  /** How long to retry if someone else moves the pointer meanwhile, s; without it the loser fails. */
  wait?: number | undefined;
}

/** The recorded measurement of these very bytes on this target; undefined where there is none. */
async function recordedGate(
  workspace: Workspace,
  entry: ModelEntry,
  { version, sha256 }: StoredVersion,
  context: Context,
): Promise<GateRecord | undefined> {
  const { key } = await workspace.targetOf(entry);
  const record = await gateRecords(workspace.store, entry.name, key, version, context.log).read();
  return record?.candidate.sha256 === sha256 ? record : undefined;
}

/** Throws GateError when the record, or its absence, forbids the promotion. */
function checkGate(
  entry: ModelEntry,
  version: string,
  record: GateRecord | undefined,
  live: Pointer | undefined,
  input: PromoteVerbInput,
  context: Context,
): PointerGate {
  if (input.gate === 'skip') return { verdict: 'none' };
  const failure = record && gateFailure(record.verdict);
  if (failure) throw failure;
  const passed = record?.verdict.verdict === 'pass';
  const compared = record?.baseline?.version ?? null;
  if (record && passed && compared === (live?.version ?? null)) return pointerGate(record);
  const why = passed
    ? `was compared with ${compared ?? 'nothing'}, and ${live?.version ?? 'nothing'} is live now`
    : 'has no recorded pass on this target';
  if (input.gate === 'required') {
    throw new GateError('inconclusive', `${entry.name} ${version} ${why}.`, { hint: 'Run coldgate warmup first.' });
  }
  context.log.warn(`${entry.name} ${version} ${why}: it is promoted without a gate.`);
  return { verdict: 'none' };
}

/** One model on its way to be live; `origin` is where the version is published, if that is another store. */
interface Promotion {
  workspace: Workspace;
  origin: Workspace | undefined;
  entry: ModelEntry;
  version: string;
  input: PromoteVerbInput;
  context: Context;
}

interface Promoted {
  stored: StoredVersion;
  moved: MoveResult;
  copy: CopyResult | undefined;
  /** The function that has to follow; undefined where none is deployed here. */
  deployment: Deployment | undefined;
}

/** A version that its own environment has found wanting is not carried into the next. Throws GateError. */
async function checkOrigin({ origin, entry, input, context }: Promotion, stored: StoredVersion): Promise<void> {
  if (!origin || input.gate === 'skip') return;
  const record = await recordedGate(origin, entry, stored, context);
  const failure = record && gateFailure(record.verdict);
  if (failure) throw failure;
}

async function storedIn({ workspace, origin, entry, version }: Promotion): Promise<StoredVersion> {
  const { store } = workspace;
  const here = !origin || (await readVersion(store, entry.name, version)).stored !== undefined;
  return readStoredVersion(here ? store : origin.store, entry.name, version);
}

/** What the function will run is ready, provisioned instances included, before the pointer moves. */
async function readyFunction(
  { workspace, entry, context }: Promotion,
  stored: StoredVersion,
  here: boolean,
): Promise<Deployment | undefined> {
  if (context.dryRun || !(await isDeployed(workspace, entry))) return undefined;
  const deployment = await prepareDeployment(workspace, entry, context);
  if (!here) await prepareLive(workspace, entry, stored, deployment);
  return deployment;
}

/** Each retry over whatever won checks the gate again: a verdict is valid only for the version it was compared with. */
function goingOn({ entry, version, input, context }: Promotion, record: GateRecord | undefined, gate: PointerGate) {
  if (!input.wait) return { gate };
  const judgeGate = (live: Pointer | undefined) => checkGate(entry, version, record, live, input, context);
  return { gate: judgeGate, pace: new Pace({ timeoutMs: input.wait * 1000 }) };
}

/** The gate is asked before anything is copied. */
async function promoteModel(promotion: Promotion): Promise<Promoted> {
  const { workspace, origin, entry, version, input, context } = promotion;
  const { store, environment } = workspace;
  const { actor, runUrl, now, log, dryRun } = context;
  const stored = await storedIn(promotion);
  const current = (await readPointer(store, entry.name, environment.pointer)) ?? null;
  const live = current?.pointer;
  if (live) await assertSound({ store, model: entry.name, pointer: environment.pointer }, live);
  const here = live?.version === version && live.manifest_sha256 === stored.manifestSha256;
  if (!here) await checkOrigin(promotion, stored);
  if (!here && input.gate !== 'skip') {
    await checkRecordedQuality(workspace, entry, stored, { required: input.gate === 'required', context });
  }
  const record = here ? undefined : await recordedGate(workspace, entry, stored, context);
  const gate = here ? { verdict: 'none' as const } : checkGate(entry, version, record, live, input, context);
  const copy = origin && (await bringVersion(origin, workspace, entry, version, context));
  const deployment = await readyFunction(promotion, stored, here);
  const mover = { store, model: entry.name, pointer: environment.pointer, actor, verb: 'promote', runUrl, now, log };
  // Copying may take long: the gate compared with what was live before.
  const expected = copy && !here && !input.wait ? { version: live?.version ?? null } : undefined;
  const how = { ...goingOn(promotion, record, gate), version, current, expected, verified: copy?.proof, dryRun };
  const moved = await promoteVersion({ ...mover, ...how });
  return { stored, moved, copy, deployment };
}

/** Checks that the live function, where one is deployed, serves the version, for as long as it is watched. */
async function prove(
  { workspace, entry, input, context }: Promotion,
  { stored, moved, deployment }: Promoted,
): Promise<ModelResult> {
  const seconds = watchSeconds(input.watch, entry);
  if (!deployment) {
    if (seconds > 0) context.log.warn(`No function of ${entry.name} is deployed here: there is nothing to watch.`);
    return moveReport(entry.name, 'promoted', moved, undefined);
  }
  const ours = { pointer: moved.promoted ? moved.pointer : undefined };
  const before = await liveBefore(workspace, entry, seconds);
  const routed = await routeLive(workspace, entry, stored, deployment, ours, context);
  const report = moveReport(entry.name, 'promoted', moved, routed.revision.url);
  if (seconds === 0) return report;
  const watched = { workspace, entry, stored, deployment, moved, routed, before, seconds, context };
  return joinSteps(entry.name, [report, await watchLive(watched)]);
}

/** `coldgate promote`. */
export async function run(input: PromoteVerbInput, context: Context): Promise<VerbResult> {
  const workspace = await openWorkspace(input, context, { checkFiles: false });
  const { from } = input;
  const other = from === undefined ? undefined : await openOrigin({ ...input, from }, workspace, context);
  const origin = other && !shareStore(other, workspace) ? other : undefined;
  return eachModel('promote', workspace.models, async (entry) => {
    const version = versionFor(input.version, entry, workspace.models);
    const stays = await rolledBackSince(workspace, entry, version, context);
    if (stays) return { ...stays, outputs: { ...stays.outputs, copied: 'false' } };
    const promotion = { workspace, origin, entry, version, input, context };
    const promoted = await promoteModel(promotion);
    const report = await prove(promotion, promoted);
    if (promoted.copy && origin) return withCopy(report, origin.store.url, workspace.store.url, promoted.copy);
    return { ...report, outputs: { ...report.outputs, copied: 'false' } };
  });
}
