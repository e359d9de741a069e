import type { Advice } from '../bucket/advice.ts';
import type { Subject } from '../subject.ts';
import { functionPlans } from './policies.ts';

/**
 * What can be set up once the first release has made the API; as comments, to be run then: API keys work once the API's own
 * service is on.
 */
export function adviceAfterRelease(subject: Subject): Advice[] {
  const names = functionPlans(subject).flatMap(({ name, target }) =>
    target.gateway ? [target.gateway.name ?? name] : [],
  );
  if (names.length === 0) return [];
  return [
    {
      name: 'gateway-keys',
      why: 'After the first promotion, which makes the API: its own service has to be enabled for API keys to work, and each key to be bound to it.',
      files: [],
      commands: [...new Set(names)].flatMap((name) => [
        `SERVICE="$(gcloud api-gateway apis describe ${name} --project="$PROJECT" --format='value(managedService)')"`,
        'gcloud services enable "$SERVICE" --project="$PROJECT"',
        `gcloud services api-keys create --project="$PROJECT" --display-name=${name} --api-target=service="$SERVICE"`,
      ]),
      optional: true,
    },
  ];
}
