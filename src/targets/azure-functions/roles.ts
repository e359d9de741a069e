import { type AzureFailure, failureIn, isMissing } from '../../azure/failure.ts';
import type { Reason } from '../../azure/retry-call.ts';
import type { FunctionSettings } from '../../rollout/target.ts';
import type { FlexContext } from './context.ts';
import { accountId, insightsVariables } from './facts.ts';
import { uuidOf } from './names.ts';
import type { Site } from './resources.ts';

const apiVersion = '2022-04-01';

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
const roles = {
  owner: { id: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b', title: 'Storage Blob Data Owner' },
  reader: { id: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1', title: 'Storage Blob Data Reader' },
  writer: { id: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe', title: 'Storage Blob Data Contributor' },
  messenger: { id: '974c5e8b-45b9-4653-ba55-5f855dd0fb88', title: 'Storage Queue Data Contributor' },
  publisher: { id: '3913510d-42f4-4e42-8a64-420c390055eb', title: 'Monitoring Metrics Publisher' },
} as const;

export interface Grant {
  role: keyof typeof roles;
  scope: string;
}

const containerOf = (context: FlexContext, account: string, container: string): string =>
  `${accountId(context, account)}/blobServices/default/containers/${container}`;

/** What makes results in the store of the models; the apps' own account is theirs in any case. */
export function writerOf(context: FlexContext, store: Record<string, string>): Grant[] {
  const { MODEL_STORE, MODEL_BUCKET = '' } = store;
  const [account = '', container = ''] = MODEL_BUCKET.split('/');
  if (MODEL_STORE !== 'azure' || account === context.settings.storageAccount) return [];
  return [{ role: 'writer', scope: containerOf(context, account, container) }];
}

/** What the identity of an app needs: its own storage, the models, its uploads, its telemetry. */
function grantsOf(context: FlexContext, store: Record<string, string>): Grant[] {
  const { storageAccount, batch, applicationInsights } = context.settings;
  const { MODEL_STORE, MODEL_BUCKET = '' } = store;
  const [account = '', container = ''] = MODEL_BUCKET.split('/');
  const grants: Grant[] = [{ role: 'owner', scope: accountId(context, storageAccount) }];
  if (MODEL_STORE === 'azure') grants.push({ role: 'reader', scope: containerOf(context, account, container) });
  // It owns the data of its own account in any case.
  if (batch?.storageAccount !== undefined && batch.storageAccount !== storageAccount) {
    grants.push({ role: 'writer', scope: containerOf(context, batch.storageAccount, batch.container) });
  }
  if (applicationInsights !== undefined) grants.push({ role: 'publisher', scope: applicationInsights });
  return grants;
}

/** A component that takes its telemetry by key needs no role. */
const isNeeded = async (context: FlexContext, { role }: Grant): Promise<boolean> =>
  role !== 'publisher' || 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING' in (await insightsVariables(context));

const pathOf = ({ role, scope }: Grant, principal: string): string =>
  `${scope}/providers/Microsoft.Authorization/roleAssignments/${uuidOf(scope, role, principal)}`;

/** An identity of a moment ago is not known everywhere. */
const isNew = ({ code, message }: AzureFailure): Reason | undefined =>
  code === 'PrincipalNotFound' || /does not exist in the directory/i.test(message) ? 'identity' : undefined;

/** Gives the app's own identity its roles; a user-assigned one has them already. Throws ColdgateError (exit 8). */
export async function ensureRoles(
  context: FlexContext,
  site: Site,
  of: Pick<FunctionSettings, 'storeVariables'>,
): Promise<void> {
  await giveRoles(context, site, grantsOf(context, of.storeVariables));
}

export async function giveRoles(context: FlexContext, site: Site, grants: readonly Grant[]): Promise<void> {
  const principalId = site.identity?.principalId;
  if (context.settings.identity !== 'system' || principalId === undefined) return;
  const { arm, settings } = context;
  for (const grant of grants) {
    if (!(await isNeeded(context, grant))) continue;
    const { id } = roles[grant.role];
    const roleDefinitionId = `/subscriptions/${settings.subscription}/providers/Microsoft.Authorization/roleDefinitions/${id}`;
    const body = { properties: { roleDefinitionId, principalId, principalType: 'ServicePrincipal' } };
    try {
      await arm.send('PUT', pathOf(grant, principalId), { apiVersion, body, also: isNew });
    } catch (error) {
      // Someone else has granted the very same under another id.
      if (failureIn(error)?.code === 'RoleAssignmentExists') continue;
      if (grant.role === 'owner' || !isMissing(error)) throw error;
      warnOfElsewhere(context, grant, principalId);
    }
  }
}

function warnOfElsewhere({ log }: FlexContext, { role, scope }: Grant, principal: string): void {
  const { title } = roles[role];
  log.warn(
    `${scope} is in another resource group, so the function gets no role there: az role assignment create --assignee ${principal} --role "${title}" --scope ID`,
  );
}

/** Takes the roles of an app away, as long as its identity is known; those of a removed identity would stay for ever. */
export async function removeRoles(context: FlexContext, site: Site, store: Record<string, string>): Promise<void> {
  await takeRoles(context, site, grantsOf(context, store));
}

export async function takeRoles(context: FlexContext, site: Site, grants: readonly Grant[]): Promise<void> {
  const principalId = site.identity?.principalId;
  if (!/SystemAssigned/i.test(site.identity?.type ?? '') || principalId === undefined) return;
  for (const grant of grants) {
    try {
      await context.arm.send('DELETE', pathOf(grant, principalId), { apiVersion });
    } catch (error) {
      context.signal.throwIfAborted();
      if (isMissing(error)) continue;
      context.log.warn(`A role of ${site.name} stays at ${grant.scope}: ${(error as Error).message}`);
    }
  }
}
