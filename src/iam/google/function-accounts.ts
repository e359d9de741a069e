import { queueTopic } from '../../config/schema/google-cloud-run.ts';
import { asyncPrefix } from '../../model/layout.ts';
import { functionGrants, type StoreGrants } from '../grants.ts';
import type { PolicySet } from '../policy-set.ts';
import { bucketRef, type Subject } from '../subject.ts';
import { bindProject, functionPlans, projectLine, type RunPlan, storeBindings, uniformAccess } from './policies.ts';
import { type Bindings, bindBucket, joined } from './roles.ts';

/** Policies of each service account that functions run as, or that a gateway calls them as. */
export function googleFunctionPolicies(subject: Subject): PolicySet[] {
  const functions = functionPlans(subject);
  const gatewayAccount = ({ target }: RunPlan) =>
    target.gateway && (target.gateway.serviceAccount ?? target.serviceAccount);
  const accounts = new Set(functions.flatMap((one) => [one.target.serviceAccount, gatewayAccount(one) ?? []].flat()));
  return [...accounts].map((account): PolicySet => {
    const run = functions.filter(({ target }) => target.serviceAccount === account);
    const called = functions.filter((one) => gatewayAccount(one) === account);
    return accountPolicies(subject, account, run, called);
  });
}

/** Uploads that a function answers, and the results that it creates. */
function batchBindings(subject: Subject, { name, target }: RunPlan): Bindings {
  const { batch } = target;
  if (!batch) return { files: [], commands: [] };
  const { bucket, prefix = '', suffix, outputPrefix } = batch;
  const results = { begin: outputPrefix, open: true };
  const grants: StoreGrants = {
    ...{ list: [], parts: [], replace: [], remove: [] },
    read: [{ begin: prefix, open: true, end: suffix }, results],
    create: [results],
  };
  return bindBucket({ bucket, grants, owner: `${name}.batch`, title: `${subject.environment} batch` });
}

/** Where messages of a function go; its topic is made here, so that the function may send to this one alone. */
function topicCommands({ name, target }: RunPlan): string[] {
  const topic = queueTopic(name, target.region);
  const found = `gcloud pubsub topics describe ${topic} --project="$PROJECT" > /dev/null 2>&1`;
  return [
    `${found} || gcloud pubsub topics create ${topic} --project="$PROJECT" --labels=coldgate=${name}`,
    `gcloud pubsub topics add-iam-policy-binding ${topic} --project="$PROJECT" --member="$MEMBER" --role=roles/pubsub.publisher`,
  ];
}

/** What functions that run as an account read and write. */
function functionBindings(subject: Subject, owner: string, run: readonly RunPlan[]): Bindings {
  if (run.length === 0) return { files: [], commands: [] };
  const models = [...new Set(run.flatMap((one) => one.models))];
  const queues = run.filter(({ target }) => target.queue).map((one) => asyncPrefix(one.name));
  const store = storeBindings(subject, owner, functionGrants(subject, models, queues));
  return joined(store, ...run.map((one) => batchBindings(subject, one)));
}

const purpose = (plans: readonly RunPlan[], before: string, after: string): string[] =>
  plans.length > 0 ? [`${before}${plans.map((one) => one.name).join(', ')}${after}`] : [];

/** @param run functions that run as the account @param called functions that a gateway calls as the account */
function accountPolicies(
  subject: Subject,
  account: string,
  run: readonly RunPlan[],
  called: readonly RunPlan[],
): PolicySet {
  const name = account.replace(/@.*/, '');
  const project = (run[0] ?? called[0])?.target.project;
  const { files, commands } = functionBindings(subject, name, run);
  const isOwn = account.endsWith(`@${project}.iam.gserviceaccount.com`);
  const make = isOwn ? [`gcloud iam service-accounts create ${name} --project="$PROJECT" || true`] : [];
  const notified = run.filter(({ target }) => target.batch);
  const pushed = run.filter(({ target }) => target.queue);
  const invoke = called.length + notified.length + pushed.length > 0 ? [bindProject('roles/run.invoker')] : [];
  const receive = notified.length > 0 ? [bindProject('roles/eventarc.eventReceiver')] : [];
  const given = [...invoke, ...receive, ...pushed.flatMap(topicCommands)];
  const purposes = [
    ...purpose(run, 'The service account of ', '.'),
    ...purpose(called, 'The account by which API Gateway calls ', '.'),
    ...purpose(notified, 'The account by which Eventarc tells ', ' of uploads.'),
    ...purpose(pushed, 'The account by which Pub/Sub pushes messages to ', '.'),
  ];
  return {
    ...{ role: 'function', cloud: 'google', name },
    purpose: purposes.join(' '),
    files,
    commands: [projectLine(project), ...make, `MEMBER=serviceAccount:${account}`, ...commands, ...given],
    notes: [
      ...(run.length > 0 && bucketRef(subject.store).store === 'gcs' ? [uniformAccess] : []),
      ...(invoke.length > 0
        ? [
            'it may call every service of the project; bind roles/run.invoker to the services alone once they are there, where that is too much.',
          ]
        : []),
    ],
  };
}
