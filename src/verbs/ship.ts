import type { Pointer } from '../model/pointer.ts';
import { assertSound } from '../registry/pointer/check.ts';
import { readLive } from '../registry/pointer/live-pointer.ts';
import { type Proof, proofUnder } from '../registry/pointer/pointer-swap.ts';
import { promoteVersion } from '../registry/pointer/promote.ts';
import { verifyVersion } from '../registry/version/verify.ts';
import { type Deployment, prepareDeployment, removeCandidates } from '../steps/deployment.ts';
import { evaluateVersion } from '../steps/quality/report.ts';
import { pointerGate, warmupReport, writeReport } from '../steps/release/gate-report.ts';
import { runGate } from '../steps/release/gate-run.ts';
import { moveReport } from '../steps/release/move-report.ts';
import { rolledBackSince } from '../steps/release/rolled-back-since.ts';
import { prepareLive, routeLive } from '../steps/release/route-live.ts';
import { liveBefore, watchLive, watchSeconds } from '../steps/release/watch.ts';
import { eachModel, joinSteps, type ModelResult } from '../steps/results.ts';
import type { ModelSource } from '../steps/source/model-source.ts';
import { readySources } from '../steps/source/prove-source.ts';
import { readStoredVersion, type StoredVersion } from '../steps/stored-version.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { openWorkspace, type WorkInput, type Workspace } from '../steps/workspace.ts';
import { deployModel, deployReport } from './deploy.ts';
import { publishModel, publishReport } from './publish.ts';
import { verifyReport } from './verify.ts';

export interface ShipInput extends WorkInput {
  fresh: boolean;
  reportPath: string;
  /** How long the live endpoint is watched afterwards, s; default of models.yaml. */
  watch?: number | undefined;
}

/** One model's shipment; every step adds its results. */
interface Shipment {
  workspace: Workspace;
  source: ModelSource;
  input: ShipInput;
  context: Context;
  steps: ModelResult[];
}

/** Runs a step under its heading and keeps its report; its lines are shown at once, not at the end. */
async function step<T>(shipment: Shipment, title: string, work: () => Promise<[T, ModelResult]>): Promise<T> {
  const { log } = shipment.context;
  return log.group(`${shipment.source.entry.name}: ${title}`, async () => {
    const [value, report] = await work();
    for (const line of report.lines) log.info(`  ${line}`);
    shipment.steps.push(report);
    return value;
  });
}

/** A version as the store has it, and what promote may take as read. */
interface Verified {
  stored: StoredVersion;
  proof: Proof;
}

/** Published and read back. */
async function publishAndVerify(shipment: Shipment): Promise<Verified> {
  const { workspace, source, context } = shipment;
  const { store, environment } = workspace;
  const { name, version } = source.entry;
  await step(shipment, 'publish', async () => {
    const published = await publishModel(workspace, source, version, context);
    return [published, publishReport(workspace, name, published)];
  });
  const proof = await step(shipment, 'verify', async () => {
    const verified = await verifyVersion({
      store,
      model: name,
      version,
      pointer: environment.pointer,
      log: context.log,
    });
    return [proofUnder(verified.pointer?.pointer, verified), verifyReport(name, verified)];
  });
  return { stored: await readStoredVersion(store, name, version), proof };
}

/** Evaluates, deploys and proves the candidate, measures it, and makes it live if the gate passes. Returns whether it passed. */
async function gateAndPromote(
  shipment: Shipment,
  verified: Verified,
  live: Pointer | undefined,
  deployment: Deployment,
): Promise<boolean> {
  const { workspace, source, input, context, steps } = shipment;
  const { entry } = source;
  const { stored } = verified;
  const { fresh, reportPath } = input;
  const run = { workspace, entry, candidate: stored, live, fresh, context };
  if (entry.quality) {
    const report = await step(shipment, 'evaluate', async () => {
      const made = await evaluateVersion({ ...run, reportPath });
      return [made, made];
    });
    if (report.failure) return false;
  }
  await step(shipment, 'deploy the candidate', async () => {
    const deployed = await deployModel(workspace, entry, stored, deployment);
    return [deployed, deployReport(entry.name, stored, deployed)];
  });
  const record = await step(shipment, 'warm up', async () => {
    const made = await runGate({ ...run, deployment, options: entry.gate });
    return [made, warmupReport(made, await writeReport(made, reportPath, context.cwd))];
  });
  if (steps.at(-1)?.failure) return false;
  await prepareLive(workspace, entry, stored, deployment);
  await promote(shipment, verified, deployment, {
    gate: pointerGate(record),
    expected: { version: live?.version ?? null },
  });
  return true;
}

type Grounds = Pick<Parameters<typeof promoteVersion>[0], 'gate' | 'expected'>;

async function promote(
  shipment: Shipment,
  { stored, proof }: Verified,
  deployment: Deployment,
  grounds: Grounds,
): Promise<void> {
  const { workspace, source, context } = shipment;
  const { entry } = source;
  const seconds = watchSeconds(shipment.input.watch, entry);
  const before = await liveBefore(workspace, entry, seconds);
  const done = await step(shipment, 'promote', async () => {
    const { actor, runUrl, now, log } = context;
    const place = { store: workspace.store, model: entry.name, pointer: workspace.environment.pointer };
    const { version } = stored;
    const mover = { actor, verb: 'ship', runUrl, now, log };
    const moved = await promoteVersion({ ...place, version, ...grounds, verified: proof, ...mover });
    const ours = { pointer: moved.promoted ? moved.pointer : undefined };
    const routed = await routeLive(workspace, entry, stored, deployment, ours, context);
    return [{ moved, routed }, moveReport(entry.name, 'promoted', moved, routed.revision.url)];
  });
  if (seconds === 0) return;
  await step(shipment, 'watch', async () => {
    const watched = await watchLive({ workspace, entry, stored, deployment, ...done, before, seconds, context });
    return [undefined, watched];
  });
}

async function shipModel(shipment: Shipment): Promise<ModelResult> {
  const { workspace, source, context, steps } = shipment;
  const { entry } = source;
  const verified = await publishAndVerify(shipment);
  const { stored } = verified;
  const place = { store: workspace.store, model: entry.name, pointer: workspace.environment.pointer };
  const live = await readLive(place);
  if (live) await assertSound(place, live);
  const deployment = await prepareDeployment(workspace, entry, context);
  const here = live?.version === stored.version && live.manifest_sha256 === stored.manifestSha256;
  // What is live already passed its gate; promote only heals what a killed run left: the record, the function.
  if (here) await promote(shipment, verified, deployment, { gate: live.gate });
  else {
    try {
      const promoted = await gateAndPromote(shipment, verified, live, deployment);
      const stays = live ? `${live.version} stays live` : 'nothing is live';
      if (!promoted) context.log.info(`  The pointer was not touched: ${stays}.`);
      if (!promoted) await removeCandidates(workspace, entry, deployment, context);
    } catch (error) {
      await removeCandidates(workspace, entry, deployment, context);
      throw error;
    }
  }
  // Their lines were shown as they came.
  return { ...joinSteps(entry.name, steps), lines: [] };
}

/** `coldgate ship`. */
export async function run(input: ShipInput, context: Context): Promise<VerbResult> {
  const workspace = await openWorkspace(input, context, { checkFiles: true });
  const ready = await readySources(workspace, ({ entry }) => entry.version, context);
  const named = ready.map(({ source }) => ({ name: source.entry.name, source }));
  return eachModel('ship', named, async ({ source }) => {
    const stays = await rolledBackSince(workspace, source.entry, source.entry.version, context);
    if (stays) return stays;
    if (context.dryRun) return planShipment(workspace, source, context);
    return shipModel({ workspace, source, input, context, steps: [] });
  });
}

/** `--dry-run`: what would be published, and from what to what the pointer would go if the gate lets it. */
async function planShipment(workspace: Workspace, source: ModelSource, context: Context): Promise<ModelResult> {
  const { name, version } = source.entry;
  const published = publishReport(workspace, name, await publishModel(workspace, source, version, context));
  const live = await readLive({ store: workspace.store, model: name, pointer: workspace.environment.pointer });
  const from = live ? `in place of ${live.version}` : 'as the first version';
  const next =
    live?.version === version
      ? `${name} ${version} is live already: the function would be proven, nothing else.`
      : `Then ${source.entry.quality ? 'it would be evaluated, ' : ''}a candidate would be deployed, measured against ${live?.version ?? 'nothing'}, and promoted ${from}.`;
  return { ...published, lines: [...published.lines, next], summary: `${published.summary}\n\n${next}` };
}
