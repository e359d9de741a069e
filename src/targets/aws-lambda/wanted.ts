import { randomUUID } from 'node:crypto';
import type { UpdateFunctionConfigurationRequest } from '@aws-sdk/client-lambda';
import type { AwsLambdaSettings } from '../../config/schema/aws-lambda.ts';
import type { LayerFile, PackageFile } from '../../package/package-file.ts';
import type { Wanted } from '../../rollout/platform.ts';
import type { FunctionSettings } from '../../rollout/target.ts';
import { sortedEntries } from '../../rollout/wanted.ts';
import type { Mark } from './names.ts';
import { sqsVariables } from './queue.ts';
import { longestSeconds } from './rest-api-document.ts';

type Configuration = Omit<UpdateFunctionConfigurationRequest, 'FunctionName' | 'Environment' | 'RevisionId'>;

/** What a published version must be: its mark, its code by digest, and its configuration. */
export interface LambdaWanted extends Mark {
  packageSha256: string;
  /** COLDGATE_REVISION: the id that the function reports. */
  revision: string;
  /** Managed variables, the pin among them. */
  variables: Record<string, string>;
  /** `Layers` are the configured ones: the runtime's layer comes before them. */
  configuration: Configuration;
  /** The runtime's own layer, whose ARN is known once it is published. Part of the package's digest. */
  layer: LayerFile | undefined;
}

/** Node version of the handler's bundle; https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html */
export const runtime = 'nodejs24.x';

/** A REST API waits 29 s, one less than the time-out is by default. */
const timeoutOf = ({ endpoint, timeout }: AwsLambdaSettings): number =>
  endpoint === 'rest-api' ? Math.min(timeout, longestSeconds) : timeout;

/** Settings that are not given are not sent: what someone set by hand stays. */
function configurationOf(settings: AwsLambdaSettings): Configuration {
  const { role, memory, tracing, kmsKey, layers, vpc, efs } = settings;
  return {
    Role: role,
    // An image brings both along.
    ...(settings.package === 'zip' && { Runtime: runtime, Handler: 'lambda.handler' }),
    MemorySize: memory,
    Timeout: timeoutOf(settings),
    EphemeralStorage: { Size: settings.ephemeralStorage },
    TracingConfig: { Mode: tracing ? 'Active' : 'PassThrough' },
    // Platform lines as JSON too, down to the report of each invocation.
    LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'INFO', SystemLogLevel: 'INFO' },
    ...(kmsKey && { KMSKeyArn: kmsKey }),
    ...((layers || settings.runtimeLayer) && { Layers: layers ?? [] }),
    ...(vpc && { VpcConfig: { SubnetIds: vpc.subnets, SecurityGroupIds: vpc.securityGroups } }),
    ...(efs && { FileSystemConfigs: [{ Arn: efs.accessPoint, LocalMountPath: efs.mountPath }] }),
  };
}

/** All managed variables but pin and revision. */
function ownVariables(settings: AwsLambdaSettings, of: FunctionSettings): Record<string, string> {
  const { MODEL_VERSION: _, ...chosen } = { ...of.storeVariables, ...of.handlerVariables };
  const configured = settings.environmentVariables ?? {};
  return {
    ...configured,
    ...chosen,
    ORT_DISABLE_TELEMETRY: '1',
    MODEL_NAME: of.model,
    COLDGATE_VARIABLES: Object.keys(configured).sort().join(','),
    COLDGATE_SETTINGS: Object.keys(emptied)
      .filter((name) => name in configurationOf(settings))
      .join(','),
    ...batchVariables(settings),
    ...(settings.responseStream && { [streamVariable]: 'true' }),
  };
}

/** Tells the function that its URL streams answers; what a version was published with. */
export const streamVariable = 'COLDGATE_RESPONSE_STREAM';

/** The handler's own words for `batch`. */
function batchVariables({ batch }: AwsLambdaSettings): Record<string, string> {
  if (!batch) return {};
  return { COLDGATE_BATCH_INPUT: batch.prefix ?? '', COLDGATE_BATCH_OUTPUT: batch.outputPrefix };
}

/** What takes away a setting that need not be given. */
const emptied = {
  KMSKeyArn: '',
  Layers: [],
  VpcConfig: { SubnetIds: [], SecurityGroupIds: [] },
  FileSystemConfigs: [],
} satisfies Configuration;

/** The configuration to send: what models.yaml once set and no longer does is emptied, what others set is not. Pure. */
export function mergedConfiguration(now: Readonly<Record<string, string>>, wanted: LambdaWanted): Configuration {
  const once = (now['COLDGATE_SETTINGS'] ?? '').split(',');
  const gone = Object.entries(emptied).filter(([name]) => once.includes(name) && !(name in wanted.configuration));
  return { ...wanted.configuration, ...Object.fromEntries(gone) };
}

/** Everything that makes a version another one. Pure. */
export const settingsOf = (settings: AwsLambdaSettings, of: FunctionSettings): unknown => [
  ...[of.name, settings.architecture, sortedEntries(configurationOf(settings))],
  sortedEntries({ ...ownVariables(settings, of), ...sqsVariables(settings, of.name) }),
];

/** The request as Lambda's parameters. Pure. */
export function detailsOf(
  settings: AwsLambdaSettings,
  request: { settings: FunctionSettings; package: PackageFile },
  wanted: Wanted,
): LambdaWanted {
  const { version, revision } = wanted;
  const pin = version === null ? {} : { MODEL_VERSION: version };
  // What is live alone has the queue: candidates and samples take none of its messages, and send none.
  const queue = wanted.role === 'live' ? sqsVariables(settings, request.settings.name) : {};
  const variables = { ...ownVariables(settings, request.settings), ...queue, ...pin, COLDGATE_REVISION: revision };
  const { layer } = request.package;
  return { ...wanted, until: undefined, variables, configuration: configurationOf(settings), layer };
}

/** How long a sample's version may lie about when its run was killed, ms. */
const sampleLifeMs = 30 * 60_000;

/** A sample runs what a candidate would, under a separate name. */
export function sampleOf(wanted: LambdaWanted, now: Date): LambdaWanted {
  const revision = `sample-${randomUUID().slice(0, 12)}`;
  const until = new Date(now.getTime() + sampleLifeMs).toISOString();
  return {
    ...wanted,
    role: 'sample',
    until,
    revision,
    variables: { ...wanted.variables, COLDGATE_REVISION: revision },
  };
}

/**
 * The variables of a function after the change: managed ones over existing ones. Unmanaged variables are preserved;
 * those that models.yaml once set and no longer does are removed. A new COLDGATE_PUBLISHED makes every publication a
 * new version, whatever was published before, and its environments cold. Pure.
 */
export function mergedVariables(now: Readonly<Record<string, string>>, wanted: LambdaWanted): Record<string, string> {
  const once = new Set((now['COLDGATE_VARIABLES'] ?? '').split(','));
  const others = Object.entries(now).filter(([name]) => !/^(?:MODEL_|COLDGATE_)/.test(name) && !once.has(name));
  return { ...Object.fromEntries(others), ...wanted.variables, COLDGATE_PUBLISHED: randomUUID() };
}
