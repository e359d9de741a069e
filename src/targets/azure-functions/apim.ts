import { ColdgateError, ConflictError, exitCodes } from '../../errors.ts';
import type { Answer } from '../../rollout/proof/http.ts';
import type { Endpoint } from '../../rollout/proof/prove.ts';
import { type ApimAccess, type ApimService, findService, listRevisions, lookAt, revisionPath } from './apim-client.ts';
import { apimEndpoint, waitForRevision } from './apim-endpoint.ts';
import { type ApimRun, performApim, putRelease, removeResource } from './apim-perform.ts';
import { type ApimStep, type ApimView, currentOf, nextApimStep, surplusRevisions } from './apim-steps.ts';
import type { WantedRevision } from './apim-wanted.ts';

/** What a revision stands in front of, and what it has to prove before callers get it. */
export interface ApimOptions {
  /** The function by its own address. */
  inside: Endpoint;
  /** Whether an answer is of what the function ran before. */
  isLate?: ((path: string, answer: Answer) => Promise<boolean>) | undefined;
  /** Demands the version from the revision's own address, before it is released. */
  prove?: ((endpoint: Endpoint) => Promise<void>) | undefined;
  /** What a release is noted for, such as the function's revision: `restoreFormer` finds it by that. */
  notes?: string | undefined;
}

export interface ApimResult {
  /** Address of what is live, or of the candidate's revision. */
  url: string;
  revision: string;
  changed: boolean;
  /** The revision that was current before this run has released another. */
  former: string | undefined;
}

/** Calls that no working run needs. */
const maxSteps = 40;

/**
 * Ensures a revision of the API: that of what is live, which callers reach by the API's address, or that of a candidate,
 * which has an address of its own (`;rev=n`). Reads only, when all is as wanted. Otherwise creates what is missing, one
 * thing at a time, each decided on a new look, so that the next run finishes one that was killed anywhere. What is live is
 * proven by its own address before it is released, and only then do callers get it.
 */
export async function ensureRevision(
  access: ApimAccess,
  wanted: WantedRevision,
  options: ApimOptions,
): Promise<ApimResult> {
  const service = await findService(access, wanted.names);
  checkTier(service, wanted);
  const run: ApimRun = {
    ...{ access, wanted, changed: false, taken: new Set<string>(), released: undefined },
    notes: options.notes ?? wanted.digest,
  };
  for (let steps = 0; steps < maxSteps; steps++) {
    const view = await lookAt(access, wanted);
    const step = nextApimStep(view, wanted, run.taken);
    if (step.do === 'nothing') return finish(run, service, view, step.revision);
    run.changed = true;
    if (step.do === 'release') await release(run, service, step, options);
    else await performApim(run, step);
  }
  throw new Error(`The API ${wanted.names.api} is not as wanted after ${maxSteps} changes.`);
}

async function finish(run: ApimRun, service: ApimService, view: ApimView, revision: string): Promise<ApimResult> {
  const { access, wanted, changed, released } = run;
  const isLive = wanted.version === null;
  if (isLive) await pruneRevisions(access, wanted, view);
  const path = view.api?.properties?.path ?? wanted.names.path;
  const url = addressOf(service, path, isLive ? undefined : revision);
  return { url, revision, changed, former: released?.former };
}

/** `https://acme-apis.azure-api.net/digits;rev=3` */
export const addressOf = ({ gatewayUrl }: ApimService, path: string, revision?: string): string =>
  `${gatewayUrl}/${path}${revision === undefined ? '' : `;rev=${revision}`}`;

/** Proves the revision by its own address and gives it to callers. There is no compare-and-swap: it is read around. */
async function release(
  run: ApimRun,
  service: ApimService,
  { revision, former }: Extract<ApimStep, { do: 'release' }>,
  { inside, isLate, prove }: ApimOptions,
): Promise<void> {
  const { access, wanted } = run;
  // A run that finds its release undone stands back, or two would take turns for ever.
  if (run.released) throw moved(wanted);
  const door = { url: addressOf(service, wanted.names.path, revision), wanted, inside, changed: true, isLate };
  await waitForRevision(access, door);
  await prove?.(apimEndpoint(access, door));
  const now = currentOf(await listRevisions(access, wanted.names))?.apiRevision;
  if (now !== former) return;
  access.log.info(`Releasing revision ${revision} of the API ${wanted.names.api}.`);
  await putRelease(access, wanted.names, revision, run.notes);
  run.released = { revision, former };
}

const moved = ({ names }: WantedRevision): ConflictError =>
  new ConflictError('gateway-moved', `Another run has released another revision of the API ${names.api} meanwhile.`, {
    hint: 'Run this again once the other one has ended.',
  });

/** Removes revisions that nothing needs. Those that cannot be removed now are left to a later run. */
async function pruneRevisions(access: ApimAccess, { names }: WantedRevision, { revisions }: ApimView): Promise<void> {
  try {
    for (const { apiRevision = '' } of surplusRevisions(revisions)) {
      await removeResource(access, revisionPath(names, apiRevision));
    }
  } catch (error) {
    access.signal.throwIfAborted();
    access.log.debug(`Old revisions of the API ${names.api} stay: ${(error as Error).message}`);
  }
}

/** https://learn.microsoft.com/azure/api-management/api-management-features */
export function checkTier(
  { tier }: ApimService,
  { tierNeeds, names }: Pick<WantedRevision, 'tierNeeds' | 'names'>,
): void {
  if (tier !== 'Consumption' || tierNeeds.length === 0) return;
  const what = tierNeeds.map(({ policy, field }) => `${policy} (gateway.${field})`).join(' and ');
  const message = `${names.service.split('/').at(-1)} is of the tier Consumption, which does not have ${what}.`;
  throw new ColdgateError('gateway-tier', exitCodes.usage, message, {
    hint: 'Take the setting out of target.gateway, or use a service of another tier.',
    data: { tier, needs: tierNeeds.map(({ field }) => field) },
  });
}

/** What a release would do with the gateway, in words; checks that the service takes it. Reads only. */
export async function plannedRevision(access: ApimAccess, wanted: WantedRevision): Promise<string[]> {
  checkTier(await findService(access, wanted.names), wanted);
  const view = await lookAt(access, wanted);
  const step = nextApimStep(view, wanted, new Set());
  const { api } = wanted.names;
  if (step.do === 'nothing') return [];
  if (step.do === 'refuse') await performApim(runOf(access, wanted), step);
  if (!view.api) return [`API ${api}: create it in API Management`];
  return [
    step.do === 'put-key'
      ? `API ${api}: give its backend the key of the function`
      : `API ${api}: give it another revision`,
  ];
}

const runOf = (access: ApimAccess, wanted: WantedRevision): ApimRun => ({
  ...{ access, wanted, changed: false, taken: new Set<string>(), released: undefined, notes: '' },
});
