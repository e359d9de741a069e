import type { LambdaGroup } from './account.ts';
import { arnsIn, type Feature } from './feature.ts';

const keepsWarm = ({ settings }: LambdaGroup): boolean => settings.provisionedConcurrency > 0;
const functionsOf = (group: LambdaGroup): string[] =>
  group.functions.flatMap(({ name }) => arnsIn('lambda', `function:${name}`, `function:${name}:*`)(group));

/** What `provisioned-concurrency` needs. */
export const warmFeatures: readonly Feature[] = [
  {
    sid: 'KeepWarm',
    deeds: ['place'],
    // What is kept warm is what is live.
    when: (group) => group.kind === 'own' && keepsWarm(group),
    actions: ['lambda:PutProvisionedConcurrencyConfig', 'lambda:GetProvisionedConcurrencyConfig'],
    resources: functionsOf,
  },
  {
    sid: 'ReleaseWarm',
    deeds: ['place', 'clear'],
    when: keepsWarm,
    actions: ['lambda:ListProvisionedConcurrencyConfigs', 'lambda:DeleteProvisionedConcurrencyConfig'],
    resources: functionsOf,
  },
];
