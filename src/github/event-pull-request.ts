import type { GitHubEvent } from './event-payload.ts';
import {
  affectedModels,
  type ChangedModels,
  type ChosenEnvironment,
  chooseEnvironment,
  type EventGround,
  type EventInputs,
  type EventPlan,
  nothing,
  placeOf,
} from './event-plan.ts';

type PullRequest = Extract<GitHubEvent, { kind: 'pull-request' }>;

/** The actions after which a pull request has other files than its preview. */
const changing = ['opened', 'synchronize', 'reopened'];

/** Preview, destruction of a preview, or a measurement without credentials. */
export function planPullRequest(
  event: PullRequest,
  inputs: EventInputs,
  ground: EventGround,
  changed: ChangedModels,
): EventPlan {
  const { number, action, headSha: sha, untrusted } = event;
  const title = `Pull request #${number} was ${action === 'synchronize' ? 'pushed to' : action.replaceAll('_', ' ')}`;
  const pullRequest = { number, sha };
  const place = chooseEnvironment('preview', inputs.environment, ground.environments);
  if (action === 'closed') return planClosed(event, title, inputs.model ?? [], place);
  if (!changing.includes(action)) return { ...nothing, why: [`${title}: that changes no preview, nothing is done.`] };
  const { models, why } = affectedModels(inputs, ground, changed);
  const base = { ...nothing, models, pullRequest, untrusted: untrusted !== undefined };
  if (models.length === 0)
    return { ...base, why: [`${title}, and no model changed: there is nothing to preview.`, why] };
  const own = { 'pull-request': String(number), sha };
  if (untrusted) {
    const at = placeOf(undefined, models);
    const summary = `${title}, and ${untrusted}: such a run has no credentials. The models are checked and measured on this runner alone; nothing is published, deployed or commented.`;
    const steps = [{ verb: 'preview', inputs: { ...at, ...own, local: 'true' } }];
    return { ...base, steps, why: [summary, why] };
  }
  const at = placeOf(place.name, models);
  const steps = [
    { verb: 'validate', inputs: at },
    { verb: 'preview', inputs: { ...at, ...own } },
  ];
  return { ...base, steps, environment: place.name, why: [`${title}: its models are previewed.`, why, place.why] };
}

/** Without names everything that exists of the pull request goes, whatever models.yaml has by now. */
function planClosed(
  { number, headSha: sha, untrusted }: PullRequest,
  title: string,
  names: readonly string[],
  place: ChosenEnvironment,
): EventPlan {
  const pullRequest = { number, sha };
  if (untrusted) {
    const summary = `${title}, and ${untrusted}: it had no preview that could be left.`;
    return { ...nothing, pullRequest, untrusted: true, why: [summary] };
  }
  const where = { ...(place.name && { environment: place.name }), ...(names.length > 0 && { model: names.join(',') }) };
  const steps = [{ verb: 'destroy', inputs: { ...where, preview: String(number) } }];
  const summary = `${title}: its preview is destroyed, and its versions are pruned.`;
  return { ...nothing, steps, models: undefined, pullRequest, environment: place.name, why: [summary, place.why] };
}
