import type { GoogleCloudRunSettings } from '../../config/schema/google-cloud-run.ts';
import type { PackageFile } from '../../package/package-file.ts';
import type { Wanted } from '../../rollout/platform.ts';
import type { FunctionSettings } from '../../rollout/target.ts';
import { sortedEntries } from '../../rollout/wanted.ts';
import { queueVariables } from '../queue-variables.ts';
import { aboutAnnotation, formatMark, type Mark } from './names.ts';
import { audienceOf, topicPath } from './queue-names.ts';
import type { Container, Source, Template } from './resources.ts';

/** What a revision must be: its mark, and what it reports as its revision (COLDGATE_REVISION). */
export interface RunWanted extends Mark {
  reports: string;
}

/** Default port on which Cloud Run expects the function. */
const port = 8080;
/** Longest that Cloud Run waits for the port, s; it takes no more. The function opens it once its model is loaded. */
const startSeconds = 240;

/** Everything of a template but its name, what it is for, its variables and where its package is. */
function shapeOf(settings: GoogleCloudRunSettings) {
  const { memory, cpu, cpuBoost, timeout, serviceAccount, concurrency, labels, vpcConnector, kmsKey } = settings;
  const generation = settings.executionEnvironment === 'gen1' ? 'GEN1' : 'GEN2';
  return {
    template: {
      timeout: `${timeout}s`,
      serviceAccount,
      // Without it Google chooses, and two revisions may differ.
      executionEnvironment: `EXECUTION_ENVIRONMENT_${generation}`,
      maxInstanceRequestConcurrency: concurrency,
      ...(labels && { labels }),
      ...(kmsKey && { encryptionKey: kmsKey }),
      ...(vpcConnector && { vpcAccess: { connector: connectorOf(settings, vpcConnector) } }),
    },
    container: {
      name: 'function',
      ports: [{ name: 'http1', containerPort: port }],
      resources: {
        limits: { cpu: String(cpu), memory: `${memory}Mi` },
        // Billed by request. It is false unless it is sent.
        cpuIdle: true,
        startupCpuBoost: cpuBoost,
      },
      startupProbe: {
        tcpSocket: { port },
        timeoutSeconds: startSeconds,
        periodSeconds: startSeconds,
        failureThreshold: 1,
      },
    },
  } satisfies { template: Template; container: Partial<Container> };
}

/** A connector is named in full, or within project and region. */
const connectorOf = ({ project, region }: GoogleCloudRunSettings, name: string): string =>
  name.includes('/') ? name : `projects/${project}/locations/${region}/connectors/${name}`;

/** All managed variables but pin and revision. */
function ownVariables(settings: GoogleCloudRunSettings, of: FunctionSettings): Record<string, string> {
  const { MODEL_VERSION: _, ...chosen } = { ...of.storeVariables, ...of.handlerVariables };
  return {
    ...settings.environmentVariables,
    ...batchVariables(settings),
    ...messageVariables(settings, of.name),
    ...chosen,
    GOOGLE_CLOUD_PROJECT: settings.project,
    ORT_DISABLE_TELEMETRY: '1',
    MODEL_NAME: of.model,
  };
}

/** What the handler takes for an upload to answer; Eventarc tells it of all of the bucket. */
function batchVariables({ batch }: GoogleCloudRunSettings): Record<string, string> {
  if (!batch) return {};
  return {
    COLDGATE_BATCH_BUCKET: batch.bucket,
    COLDGATE_BATCH_INPUT: batch.prefix ?? '',
    COLDGATE_BATCH_SUFFIX: batch.suffix,
    COLDGATE_BATCH_OUTPUT: batch.outputPrefix,
  };
}

/** What the handler takes for a message to work on; where messages go, what is live alone is told. */
function messageVariables(settings: GoogleCloudRunSettings, name: string): Record<string, string> {
  const { queue, maxInstances, serviceAccount } = settings;
  if (!queue) return {};
  const audience = audienceOf(settings, name);
  return {
    ...queueVariables(name, queue),
    COLDGATE_QUEUE_CALLER: serviceAccount,
    ...(audience !== undefined && { COLDGATE_QUEUE_AUDIENCE: audience }),
    // Pub/Sub has no cap: all instances together have it.
    COLDGATE_QUEUE_CONCURRENCY: String(Math.max(1, Math.floor(queue.maxConcurrency / maxInstances))),
  };
}

/** A repository without an image below it has one for each function, by its name. */
const imageIn = (uri: string, name: string): string => uri.replace(/^([^/@]+\/[^/@]+\/[^/@]+)@/, `$1/${name}@`);

/** Whether Cloud Run puts the package on a base of Google's: sources, and images of our layer alone. */
const isOnGoogleBase = ({ package: form, imageDigest, baseImage }: GoogleCloudRunSettings): boolean =>
  form === 'source' || (imageDigest === undefined && baseImage === undefined);

/** How the package is started on a base of Google's: a whole image brings its own command along. */
function startOf({ kind, region }: GoogleCloudRunSettings) {
  return {
    baseImageUri: `${region}-docker.pkg.dev/serverless-runtimes/google-24/runtimes/nodejs24`,
    command: ['node'],
    args: kind === 'function' ? functionArguments : ['cloud-run.cjs'],
  };
}

/** The functions framework, with the function that google.mjs exports. */
const functionArguments = ['google-function.cjs'];

/** Everything that makes a revision another one. Pure. */
export const settingsOf = (settings: GoogleCloudRunSettings, of: FunctionSettings): unknown => [
  of.name,
  shapeOf(settings),
  [settings.minInstances, settings.maxInstances],
  isOnGoogleBase(settings) ? startOf(settings) : 'image',
  sortedEntries(ownVariables(settings, of)),
];

/** What a request asks for. Pure. */
export const detailsOf = ({ role, version, packageSha256, settingsSha256, revision }: Wanted): RunWanted => ({
  ...{ purpose: role, version, packageSha256, settingsSha256 },
  until: undefined,
  reports: revision,
});

interface TemplateOf {
  /** Name of the revision. */
  name: string;
  wanted: RunWanted;
  request: { settings: FunctionSettings; package: PackageFile };
  /** Where Cloud Run gets the package; undefined for an image. */
  source: Source | undefined;
  /** Leave out the start of an instance at deployment. */
  skipCheck: boolean;
  /** With it a request ends the instance that answers it (COLDGATE_END_KEY). */
  endKey?: string | undefined;
}

/** The template by which Cloud Run makes the revision; always whole, so that nothing of another kind of package stays. */
export function templateOf(settings: GoogleCloudRunSettings, of: TemplateOf): Template {
  const { name, wanted, request, source, skipCheck, endKey } = of;
  const { template, container } = shapeOf(settings);
  const { purpose, version, reports } = wanted;
  const variables = {
    ...ownVariables(settings, request.settings),
    ...(version !== null && { MODEL_VERSION: version }),
    ...(purpose === 'live' && settings.queue && { COLDGATE_QUEUE: topicPath(settings, request.settings.name) }),
    COLDGATE_REVISION: reports,
    ...(endKey !== undefined && { COLDGATE_END_KEY: endKey }),
  };
  return {
    ...template,
    revision: name,
    annotations: { [aboutAnnotation]: formatMark(wanted) },
    // A tag is enough for a revision's instances to be kept warm, so only the live revision has min. instances.
    scaling: {
      minInstanceCount: purpose === 'live' ? settings.minInstances : 0,
      maxInstanceCount: purpose === 'sample' ? 1 : settings.maxInstances,
    },
    ...(skipCheck && { healthCheckDisabled: true }),
    containers: [
      {
        ...container,
        ...(isOnGoogleBase(settings) && startOf(settings)),
        image: source ? 'scratch' : imageIn(request.package.image ?? '', request.settings.name),
        ...(source && { sourceCode: { cloudStorageSource: source } }),
        env: sortedEntries(variables).map(([key, value]) => ({ name: key, value: String(value) })),
      },
    ],
  };
}
