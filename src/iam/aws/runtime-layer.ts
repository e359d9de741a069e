import type { LambdaGroup } from './account.ts';
import { arnsIn, type Feature } from './feature.ts';

const onLayer = ({ settings }: LambdaGroup): boolean => settings.runtimeLayer;
/** The layer of the native runtime, or its versions: src/targets/aws-lambda/layer.ts names it. */
const layerArns =
  (rest = '') =>
  (group: LambdaGroup): string[] =>
    arnsIn('lambda', `layer:coldgate-runtime-${group.settings.architecture}${rest}`)(group);

/** What `runtime-layer` needs. */
export const runtimeLayerFeatures: readonly Feature[] = [
  {
    sid: 'PublishRuntime',
    operations: ['make'],
    when: onLayer,
    actions: ['lambda:PublishLayerVersion'],
    resources: layerArns(),
  },
  // https://docs.aws.amazon.com/lambda/latest/dg/permissions-user-layer.html; removed is what no function names.
  {
    sid: 'ListRuntimes',
    operations: ['make', 'remove'],
    when: onLayer,
    actions: ['lambda:ListLayerVersions'],
    resources: layerArns(),
  },
  {
    sid: 'UseRuntime',
    operations: ['make'],
    when: onLayer,
    actions: ['lambda:GetLayerVersion'],
    resources: layerArns(':*'),
  },
  {
    sid: 'RemoveRuntimes',
    operations: ['make', 'remove'],
    when: onLayer,
    actions: ['lambda:DeleteLayerVersion'],
    resources: layerArns(':*'),
  },
  {
    sid: 'FindUsersOfRuntime',
    operations: ['make', 'remove'],
    when: onLayer,
    // It knows no resources.
    actions: ['lambda:ListFunctions'],
    resources: () => ['*'],
  },
];
