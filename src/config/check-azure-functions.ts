import type { Findings } from './findings.ts';
import { type TargetSettings, targetsOf } from './target-settings.ts';

/** Resources take 50 tags (https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources); 8 are ours. */
const maxTags = 42;
/** https://learn.microsoft.com/azure/azure-functions/functions-scale#scale */
const maxPremiumInstances = 100;

const flexOnly = ['instance-memory', 'always-ready', 'http-concurrency', 'update-strategy'];

/** What Azure refuses, or silently not does, with settings that are fine one by one. */
export function checkAzureFunctions(findings: Findings): void {
  for (const settings of targetsOf(findings, 'azure-functions')) {
    checkPlan(settings);
    settings.batch({ open: 'anonymous', wanted: 'function' });
    checkUploads(settings);
    checkQueue(settings);
    settings.count('tags', maxTags);
  }
}

function checkPlan(settings: TargetSettings): void {
  const isPremium = settings.text('plan', 'flex-consumption') === 'premium';
  settings.only(flexOnly, !isPremium, 'plan: flex-consumption', 'On premium use sku and pre-warmed.');
  settings.only(
    ['sku', 'pre-warmed'],
    isPremium,
    'plan: premium',
    'On flex-consumption use instance-memory and always-ready.',
  );
  if (isPremium && settings.number('maximum-instances', 40) > maxPremiumInstances) {
    const message = `expected at most ${maxPremiumInstances} with plan: premium.`;
    settings.add('maximum-instances', message, 'Lower it, or use plan: flex-consumption.');
  }
}

/** Each instance works on a message at a time, at least: the cap is that of the instances. */
function checkQueue(settings: TargetSettings): void {
  const instances = settings.number('maximum-instances', 40);
  if (!settings.has('queue.max-concurrency') || settings.number('queue.max-concurrency', 10) >= instances) return;
  const message = `expected at least maximum-instances (${instances}), each of which works on a message at a time.`;
  settings.add('queue.max-concurrency', message, 'Lower maximum-instances, or raise it.');
}

/** Deploy gives roles on the storage account of the apps to identities that it makes, and on no other. */
function checkUploads(settings: TargetSettings): void {
  const other = settings.text('batch.storage-account', '');
  if (other === '' || other === settings.text('storage-account', '')) return;
  if (settings.text('identity', 'system') !== 'system') return;
  const message = 'expected a user-assigned identity for identity:, since an app’s own one has no role there.';
  settings.add('batch.storage-account', message, 'Name an identity, or use the storage account of the apps.');
}
