import { describe } from 'vitest';
import { type Azure, openAzure } from '../azure/azure.ts';
import { callAccesses, enforce, runGrants } from './azure-run-calls.ts';
import { liveAndAway, onceAndAway, type RunCloud, type RunProject, tellsTheStory } from './run-story.ts';

/** What these stories do not come to, with the reason that it is there for. */
const notCalled = [
  // Why a host does not start.
  /sites\/(?:slots\/)?hostruntime\/host\/read/,
  // Roles that count late: azure-premium-release.test.ts comes to it.
  /restart\/action/,
  // What a function that does not prove itself has logged: azure-unproven.test.ts comes to it.
  /components\/query\/read/,
  // The package of before the last one goes when another is published: here there is one.
  /blobs\/delete/,
];

interface AzureCloud extends RunCloud {
  azure: Azure;
  /** `production` with further settings of the target. */
  productionWith(more: string): string;
}
type AzureProject = RunProject<AzureCloud>;

/** A folder for a store, and functions on the stand-in for Azure. */
async function openCloud(settings: (azure: Azure) => string): Promise<AzureCloud> {
  const azure = await openAzure();
  const target = `provider: azure-functions, subscription: ${azure.subscription}, resource-group: models, location: westeurope, storage-account: coldgatetest, ${settings(azure)}`;
  return {
    azure,
    environment: azure.environment,
    production: `{ store: "file:store", target: { ${target} } }`,
    productionWith: (more) => `{ store: "file:store", target: { ${target}, ${more} } }`,
    accesses: () =>
      azure
        .calls()
        .filter(({ principal }) => principal === azure.pipeline.oid)
        .flatMap(callAccesses),
    hasStore: false,
    grantsOf: runGrants,
    enforce: (sets) => {
      for (const set of sets) enforce(set, azure);
    },
    functions: () => [...azure.web.sites.keys()],
    close: () => azure.close(),
  };
}

const tells = (
  settings: (azure: Azure) => string,
  story: (run: AzureProject) => Promise<void>,
  used = /Microsoft/,
): void => tellsTheStory({ open: () => openCloud(settings), story, used, notCalled });

async function everyVerbOfFunctions(run: AzureProject): Promise<void> {
  await run.run('publish');
  // A trigger that the platform does not notice by itself.
  run.cloud.azure.knobs.functionsLag = Number.POSITIVE_INFINITY;
  await run.run('deploy');
  run.cloud.azure.knobs.functionsLag = 0;
  await run.run('preview', '--pull-request', '12', '--sha', '1a2b3c4d');
  await run.run('destroy', '--preview', '12');
  await run.run('promote');
  // What is live is changed in place.
  run.release('1.1.0', 0.25, run.cloud.productionWith('app-settings: { EXTRA: "1" }'));
  await run.run('ship');
  await run.run('rollback');
  await run.run('status');
  await run.run('sweep', '--open', 'none');
  await run.run('destroy');
}

/** Has what `coldgate iam --role function` gives it. */
function named({ identities, context }: Azure): string {
  const id = identities.create('digits', 'models');
  const owner = context.iam.roleOf('b7e6dc6d-f1e8-4753-8033-0f276bb0955b')!;
  context.iam.grant(identities.find(id)!.oid, owner, `${context.groupId('models')}/providers/Microsoft.Storage`);
  return `identity: "${id}"`;
}

/** Has what stands beside an app by its resource id. */
function inNetwork({ context, components }: Azure): string {
  const at = `${context.groupId('models')}/providers`;
  components.add(`${at}/Microsoft.Insights/components/acme`.toLowerCase());
  const subnet = `${at}/Microsoft.Network/virtualNetworks/acme/subnets/functions`;
  return `identity: system, subnet: "${subnet}", application-insights: "${at}/Microsoft.Insights/components/acme"`;
}

/** On Premium: what the stories on Flex Consumption show already is not asked again. */
async function releasedBySlot(run: AzureProject): Promise<void> {
  await run.run('publish');
  run.cloud.azure.knobs.functionsLag = Number.POSITIVE_INFINITY;
  await run.run('deploy');
  run.cloud.azure.knobs.functionsLag = 0;
  await run.run('promote', '--gate', 'skip');
  run.release('1.1.0', 0.25, run.cloud.productionWith('app-settings: { EXTRA: "1" }'));
  run.cloud.azure.knobs.functionsLag = Number.POSITIVE_INFINITY;
  await run.run('ship');
  await run.run('rollback');
  await run.run('destroy');
}

describe('what verbs ask of Azure with functions on Premium, and what coldgate iam grants', () =>
  tells((azure) => `${named(azure)}, plan: premium`, releasedBySlot));

describe('what verbs ask of Azure with functions on Flex Consumption, and what coldgate iam grants', () => {
  describe('an identity that was made beforehand', () => tells(named, everyVerbOfFunctions));
  describe('an app with a queue', () => tells((azure) => `${named(azure)}, queue: {}`, liveAndAway, /queueServices/));
  describe('an app with a batch', () =>
    tells(
      (azure) => `${named(azure)}, batch: { container: uploads, prefix: in/ }`,
      liveAndAway,
      /Microsoft\.EventGrid/,
    ));
  describe('an identity of each app, which is in a network and has telemetry', () =>
    tells(inNetwork, onceAndAway, /Microsoft\.(?:Authorization|Insights|Network|Resources\/subscriptions)/));
});
