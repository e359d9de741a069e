import { createHash, randomUUID } from 'node:crypto';
import type { UpdateFunctionConfigurationRequest } from '@aws-sdk/client-lambda';
import type { AwsLambdaSettings } from '../../config/schema/aws-lambda.ts';
import type { FunctionSettings, LayerFile, PackageFile } from '../target.ts';
import type { Mark } from './names.ts';

type Configuration = Omit<UpdateFunctionConfigurationRequest, 'FunctionName' | 'Environment' | 'RevisionId'>;

/** What a published version must be: its mark, its code by digest, and its configuration. */
export interface Wanted extends Mark {
  packageSha256: string;
  /** COLDGATE_REVISION: what the function says it is. */
  revision: string;
  /** Variables that are ours, the pin among them. */
  variables: Record<string, string>;
  /** `Layers` are those of other hands: the runtime's own comes before them. */
  configuration: Configuration;
  /** The runtime's own layer, whose ARN is known once it is published. Part of the package's digest. */
  layer: LayerFile | undefined;
}

/** Node version of the handler's bundle; https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html */
export const runtime = 'nodejs24.x';

/** Settings that are not given are not sent: what someone set by hand stays. */
function configurationOf(settings: AwsLambdaSettings): Configuration {
  const { role, memory, timeout, tracing, kmsKey, layers, vpc, efs } = settings;
  return {
    Role: role,
    // An image brings both along.
    ...(settings.package === 'zip' && { Runtime: runtime, Handler: 'lambda.handler' }),
    MemorySize: memory,
    Timeout: timeout,
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

/** Everything of ours but pin and revision. */
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
  };
}

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
export function mergedConfiguration(now: Readonly<Record<string, string>>, wanted: Wanted): Configuration {
  const once = (now['COLDGATE_SETTINGS'] ?? '').split(',');
  const gone = Object.entries(emptied).filter(([name]) => once.includes(name) && !(name in wanted.configuration));
  return { ...wanted.configuration, ...Object.fromEntries(gone) };
}

const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

const sorted = (record: object): [string, unknown][] => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));

/** What a request asks for. Pure. */
export function wantedOf(
  settings: AwsLambdaSettings,
  request: { settings: FunctionSettings; package: PackageFile; role: 'candidate' | 'live'; version: string },
): Wanted {
  const { role } = request;
  const version = role === 'candidate' ? request.version : null;
  const packageSha256 = request.package.sha256;
  const configuration = configurationOf(settings);
  const variables = ownVariables(settings, request.settings);
  const { name } = request.settings;
  const settingsSha256 = digest([name, settings.architecture, sorted(configuration), sorted(variables)]);
  const revision = `${role}-${digest([role, version, packageSha256, settingsSha256]).slice(0, 12)}`;
  const pin = version === null ? {} : { MODEL_VERSION: version };
  const own = { ...variables, ...pin, COLDGATE_REVISION: revision };
  const { layer } = request.package;
  return {
    ...{ role, version, settingsSha256, until: undefined, packageSha256, revision },
    ...{ variables: own, configuration, layer },
  };
}

/** How long a sample's version may lie about when its run was killed, ms. */
const sampleLifeMs = 30 * 60_000;

/** A sample runs what a candidate would, under a name of its own. */
export function sampleOf(wanted: Wanted, now: Date): Wanted {
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
 * The variables of a function after the change: ours over what is there. Variables of other hands stay; those that
 * models.yaml once set and no longer does go. A new COLDGATE_PUBLISHED makes every publication a new version, whatever
 * was published before, and its environments cold. Pure.
 */
export function mergedVariables(now: Readonly<Record<string, string>>, wanted: Wanted): Record<string, string> {
  const once = new Set((now['COLDGATE_VARIABLES'] ?? '').split(','));
  const others = Object.entries(now).filter(([name]) => !/^(?:MODEL_|COLDGATE_)/.test(name) && !once.has(name));
  return { ...Object.fromEntries(others), ...wanted.variables, COLDGATE_PUBLISHED: randomUUID() };
}
