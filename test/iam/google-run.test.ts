import { describe } from 'vitest';
import { openGoogle } from '../google/google.ts';
import { callAccesses, enforce, runGrants } from './google-run-calls.ts';
import { liveAndAway, onceAndAway, type RunCloud, type RunProject, tellsTheStory } from './run-story.ts';

/**
 * What no call of a run without mishaps asks for: the address of a function, which is no API (that it is needed, `enforce`
 * shows), and a look at a trigger whose creation was not answered.
 */
const notCalled = [
  /^run\.routes\.invoke/,
  /^eventarc\.triggers\.get/,
  /^pubsub\.(?:topics\.get|subscriptions\.(?:get|update))/,
];
/** All grants but those on the store, which test/iam/google.test.ts is about. */
const ofFunctions = /^(?!storage\.)|coldgate\/packages/;

/** A bucket and functions on the stand-in for Google Cloud. */
async function openCloud(more: string): Promise<RunCloud> {
  const google = await openGoogle();
  const { id } = google.project;
  const account = `digits@${id}.iam.gserviceaccount.com`;
  return {
    environment: google.environment,
    production: `{ store: { url: "gs://models/m", endpoint: "${google.urlOf('STORAGE')}" }, target: { provider: google-cloud-run, project: ${id}, region: europe-west1, service-account: "${account}"${more && `, ${more}`} } }`,
    accesses: () =>
      google
        .calls()
        .filter(({ principal }) => principal === google.pipeline)
        .flatMap(callAccesses),
    hasStore: true,
    grantsOf: (set) => (set.cloud === 'google' ? runGrants(set, google) : []),
    enforce: (sets) => enforce(sets.find(({ cloud }) => cloud === 'google')!, google),
    functions: () => [...google.run.services.keys()],
    close: () => google.close(),
  };
}

const tells = (more: string, story: (run: RunProject) => Promise<void>, used = ofFunctions): void =>
  tellsTheStory({ open: () => openCloud(more), story, used, notCalled });

async function everyVerbOfFunctions(run: RunProject): Promise<void> {
  await run.run('publish');
  await run.run('deploy');
  // While nothing is live, a preview measures itself alone: half the starts, and the same calls.
  await run.run('preview', '--pull-request', '12', '--sha', '1a2b3c4d');
  await run.run('destroy', '--preview', '12');
  await run.run('promote');
  run.release('1.1.0', 0.25);
  await run.run('ship');
  await run.run('rollback');
  await run.run('status');
  await run.run('sweep', '--open', 'none');
  await run.run('destroy');
}

describe('what verbs ask of Google Cloud with functions on Cloud Run, and what coldgate iam grants', () => {
  describe('functions that take ID tokens', () => tells('', everyVerbOfFunctions));
  describe('functions with a batch', () => tells('batch: { bucket: models, prefix: in/ }', liveAndAway, /^eventarc\./));
  describe('functions with a queue', () => tells('queue: {}', liveAndAway, /^(?:pubsub|monitoring)\./));
  describe('functions that everyone may call', () => tells('auth: none', onceAndAway, /^run\.services\.set/));
});
