import { asyncPrefix } from '../../model/layout.ts';
import { functionGrants, type StoreGrants } from '../grants.ts';
import type { PolicySet } from '../policy-set.ts';
import type { Subject } from '../subject.ts';
import { appIdentity, identityParts } from './identities.ts';
import { type Assignments, assign, bindContainer, bindStore, joined } from './roles.ts';
import { storageAccountId } from './scopes.ts';
import { type FunctionApp, functionApps, withSubscription } from './subject.ts';

const nothing: Assignments = { files: [], commands: [] };

/** Uploads that a function answers, and the results that it creates. */
function batchAssignments({ name, target }: FunctionApp): Assignments {
  const { batch } = target;
  if (!batch) return nothing;
  const { container, prefix = '', suffix, outputPrefix, storageAccount = target.storageAccount } = batch;
  // It owns the data of the apps' account in any case.
  if (storageAccount === target.storageAccount) return nothing;
  const results = { begin: outputPrefix, open: true };
  const grants: StoreGrants = {
    ...{ list: [], parts: [], replace: [], remove: [] },
    read: [{ begin: prefix, open: true, end: suffix }, results],
    create: [results],
  };
  const role = `${name} batch on ${storageAccount}/${container}`;
  return bindContainer({ account: storageAccount, container, role, owner: `${name}.batch`, variable: 'BATCH', grants });
}

/** What the apps of a user-assigned identity have: their own storage, their models, their uploads, their telemetry. */
function identityPolicies(subject: Subject, identity: string, apps: readonly FunctionApp[]): PolicySet {
  const { name } = identityParts(identity);
  const settings = apps.map(({ target }) => target);
  const models = [...new Set(apps.flatMap((one) => one.models))];
  const queues = apps.filter(({ target }) => target.queue).map((one) => asyncPrefix(one.name));
  const accounts = settings.map((one) => storageAccountId(one, one.storageAccount));
  const components = settings.flatMap(({ applicationInsights }) => applicationInsights ?? []);
  const { files, commands } = joined(
    {
      files: [],
      commands: [
        ...accounts.map((scope) => assign('Storage Blob Data Owner', scope)),
        ...settings.flatMap((one) =>
          one.queue ? [assign('Storage Queue Data Contributor', storageAccountId(one, one.storageAccount))] : [],
        ),
        ...components.map((scope) => assign('Monitoring Metrics Publisher', scope)),
      ],
    },
    bindStore(subject, name, functionGrants(subject, models, queues)),
    ...apps.map(batchAssignments),
  );
  const policySet: PolicySet = {
    ...{ role: 'function', cloud: 'azure', name, files, notes: [] },
    purpose: `The identity of ${apps.map((one) => one.name).join(', ')}, of their candidates and previews.`,
    commands: [...(settings[0] ? appIdentity(settings[0]) : []), ...commands],
  };
  return withSubscription(policySet, settings[0]);
}

/** Identities of apps: those that were made beforehand. Apps with one of their own get its roles from deploy. */
export function azureFunctionPolicies(subject: Subject): PolicySet[] {
  const apps = functionApps(subject);
  const identities = new Map<string, FunctionApp[]>();
  for (const app of apps) {
    const key = app.target.identity.toLowerCase();
    identities.set(key, [...(identities.get(key) ?? []), app]);
  }
  return [...identities.values()].map((own): PolicySet => {
    const identity = own[0]?.target.identity ?? 'system';
    if (identity !== 'system') return identityPolicies(subject, identity, own);
    const names = own.map((one) => one.name).join(', ');
    return {
      ...{ role: 'function', cloud: 'azure', name: `coldgate-${own[0]?.name}`, files: [], commands: [] },
      purpose: `The identities that ${names} and their candidates are made with.`,
      notes: [
        'with identity: system there is nothing to run: deploy makes an identity with each app and gives it its roles, Storage Blob Data Owner on the storage account of the apps and Storage Blob Data Reader on the container of the models, the whole of it. Name a user-assigned identity for narrower ones.',
      ],
    };
  });
}
