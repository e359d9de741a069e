import { type Advice, quoted } from '../bucket/advice.ts';
import type { Subject } from '../subject.ts';
import { functionPlans } from './policies.ts';

/** Where the handler takes events: src/handler/platforms/google/uploads.ts. */
const uploadPath = '/coldgate/uploads';

/** API keys work once the API's own service is on, which is there once the API is: after the first promotion. */
function gatewayAdvice(subject: Subject): Advice[] {
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

/** An event for each upload, to the service whatever revision is live; the trigger calls it as the function's own account. */
function batchAdvice(subject: Subject): Advice[] {
  const commands = functionPlans(subject).flatMap(({ name, target }) => {
    const { batch, serviceAccount, region } = target;
    if (!batch) return [];
    const location = `$(gcloud storage buckets describe ${quoted(`gs://${batch.bucket}`)} --format='value(location)' | tr '[:upper:]' '[:lower:]')`;
    const member = `--member="serviceAccount:${serviceAccount}"`;
    return [
      `gcloud run services add-iam-policy-binding ${name} --project="$PROJECT" --region=${region} ${member} --role=roles/run.invoker`,
      `gcloud projects add-iam-policy-binding "$PROJECT" ${member} --role=roles/eventarc.eventReceiver --condition=None`,
      `gcloud projects add-iam-policy-binding "$PROJECT" --member="serviceAccount:$(gcloud storage service-agent --project="$PROJECT")" --role=roles/pubsub.publisher --condition=None`,
      `gcloud eventarc triggers create ${name} --project="$PROJECT" --location="${location}" --destination-run-service=${name} --destination-run-region=${region} --destination-run-path=${uploadPath} --event-filters=type=google.cloud.storage.object.v1.finalized --event-filters=bucket=${batch.bucket} --service-account=${serviceAccount}`,
    ];
  });
  if (commands.length === 0) return [];
  return [
    {
      name: 'batch-events',
      why: 'After the first promotion, which makes the service: Eventarc tells it of each upload to the bucket of the batch.',
      files: [],
      commands: [...new Set(commands)],
      optional: true,
    },
  ];
}

/** What can be set up once the first release has made service and API; as comments, to be run then. */
export const adviceAfterRelease = (subject: Subject): Advice[] => [...gatewayAdvice(subject), ...batchAdvice(subject)];
