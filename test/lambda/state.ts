import { randomUUID } from 'node:crypto';
import type { LayerVersion } from './layers.ts';
import { conflict, invalid, notFound, ServiceError, stale } from './service-error.ts';

export type Fields = Record<string, unknown>;

/** Account and region of the stand-in's resources. */
export const account = '123456789012';
export const region = 'eu-west-1';

/** `$LATEST` or a published version: the configuration that the service answers with, and what it runs. */
export interface FunctionVersion {
  configuration: Fields;
  /** Folder with the unzipped package. */
  folder: string;
  /** Bytes that it unpacked to. */
  unzipped?: number;
  /** As they were attached, whatever became of them since. */
  layers?: LayerVersion[];
  /** Looks until `State` is Active. */
  pending: number;
  /** Looks until `LastUpdateStatus` is Successful. */
  inProgress: number;
}

export interface Alias {
  configuration: Fields & { FunctionVersion: string; RoutingConfig?: { AdditionalVersionWeights?: Weights } };
}
export type Weights = Record<string, number>;

export interface Statement extends Fields {
  Sid: string;
  Action: string;
}

export interface LambdaFunction {
  name: string;
  latest: FunctionVersion;
  /** By number. */
  versions: Map<string, FunctionVersion>;
  counter: number;
  aliases: Map<string, Alias>;
  /** By alias, or '' for the function itself. */
  urls: Map<string, Fields>;
  policies: Map<string, Statement[]>;
  tags: Record<string, string>;
  reserved: number | undefined;
  provisioned: Map<string, { requested: number; pending: number }>;
}

/** Largest request, bytes: a zip of 50 MB in base64. */
const maxRequestBytes = 69_905_067;

export const functionArn = (name: string, qualifier = ''): string =>
  `arn:aws:lambda:${region}:${account}:function:${name}${qualifier && `:${qualifier}`}`;

/** Everything that exists in the account. */
export class Account {
  readonly functions = new Map<string, LambdaFunction>();
  /** How many looks a change takes to be done. */
  looks = 1;
  /** Why no instance can be kept warm. */
  provisioningFails: string | undefined;
  /** Bytes of code in a bucket. */
  codeAt: (bucket: string, key: string) => Buffer = (bucket) => {
    throw invalid(`no bucket ${bucket}`);
  };
  /** By ARN with the version's number; numbers of a layer are never given twice. */
  readonly layers = new Map<string, LayerVersion>();
  readonly layerCounters = new Map<string, number>();
  /** What lies in images that were pushed: a folder by URI with digest. */
  readonly images = new Map<string, string>();
  /** Room for the code of all versions, bytes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
  storageBytes = 75 * 1024 ** 3;
  readonly now: () => Date;
  readonly urlOf: (name: string, alias: string) => string;

  constructor(now: () => Date, urlOf: (name: string, alias: string) => string) {
    this.now = now;
    this.urlOf = urlOf;
  }

  find(name: unknown): LambdaFunction {
    const found = this.functions.get(String(name));
    if (!found) throw notFound(`Function: ${functionArn(String(name))}`);
    return found;
  }

  /** A version by number, `$LATEST` by default; an alias gives the version that it names first. */
  version(name: unknown, qualifier: unknown): FunctionVersion {
    const found = this.find(name);
    if (qualifier === undefined || qualifier === '$LATEST') return found.latest;
    const number = found.aliases.get(String(qualifier))?.configuration.FunctionVersion ?? String(qualifier);
    const version = found.versions.get(number);
    if (!version) throw notFound(`Function: ${functionArn(found.name, String(qualifier))}`);
    return version;
  }

  alias(name: unknown, alias: unknown): Alias {
    const found = this.find(name).aliases.get(String(alias));
    if (!found) throw notFound(`Alias: ${functionArn(String(name), String(alias))}`);
    return found;
  }

  /** What a qualifier of a policy or a URL must be: an alias, or a version. Throws ServiceError. */
  checkQualifier(found: LambdaFunction, qualifier: string): void {
    if (qualifier === '' || found.aliases.has(qualifier) || found.versions.has(qualifier)) return;
    throw notFound(`Function: ${functionArn(found.name, qualifier)}`);
  }

  /** The zip of a request or of a bucket. Throws ServiceError for one that is too large for a request. */
  zipFrom(code: Fields): Buffer {
    if (code['S3Bucket'] !== undefined) return this.codeAt(String(code['S3Bucket']), String(code['S3Key']));
    if (typeof code['ZipFile'] !== 'string') throw invalid('Please provide a source for function code.');
    if (code['ZipFile'].length <= maxRequestBytes) return Buffer.from(code['ZipFile'], 'base64');
    const message = `Request must be smaller than ${maxRequestBytes} bytes`;
    throw new ServiceError('RequestEntityTooLargeException', 413, message);
  }

  /** Throws ServiceError where another version of this size has no room. */
  checkStorage(more: number): void {
    const sizes = [...this.functions.values()].flatMap(({ latest, versions }) =>
      [latest, ...versions.values()].map(({ configuration }) => Number(configuration['CodeSize'])),
    );
    if (sizes.reduce((sum, size) => sum + size, more) <= this.storageBytes) return;
    throw new ServiceError('CodeStorageExceededException', 400, 'Code storage limit exceeded.');
  }

  /** Whether the policy of what a qualified ARN names lets a service call it on behalf of `source`. */
  allows(arn: string, service: string, source: string): boolean {
    const [, , , , , , name = '', qualifier = ''] = arn.split(':');
    return (this.functions.get(name)?.policies.get(qualifier) ?? []).some(({ Action, Principal, Condition }) => {
      const like = String(((Condition as Fields)['ArnLike'] as Fields | undefined)?.['AWS:SourceArn'] ?? '');
      const pattern = like.split('*').map((part) => part.replaceAll(/[.$^{}()+?|[\]\\]/g, '\\$&'));
      const from = (Principal as Fields | undefined)?.['Service'];
      return (
        Action === 'lambda:InvokeFunction' && from === service && new RegExp(`^${pattern.join('.*')}$`).test(source)
      );
    });
  }

  /** All that exists, one line each, so that two runs can be compared. */
  inventory(): string[] {
    const ours = [...this.layers.values()].filter(({ sha256 }) => sha256 !== '');
    const layers = ours.map(({ arn, description }) => `layer ${arn.split(':').slice(6).join(':')} ${description}`);
    return [...layers, ...this.#functionLines()];
  }

  #functionLines(): string[] {
    return [...this.functions.values()].flatMap((f) => [
      `function ${f.name}`,
      ...[...f.versions].map(
        ([number, { configuration }]) => `version ${f.name}:${number} ${configuration['Description']}`,
      ),
      ...[...f.aliases].map(
        ([name, { configuration }]) => `alias ${f.name}:${name} -> ${configuration.FunctionVersion}`,
      ),
      ...[...f.urls.keys()].map((alias) => `url ${f.name}:${alias}`),
      ...[...f.policies].flatMap(([alias, all]) => all.map(({ Sid }) => `statement ${f.name}:${alias} ${Sid}`)),
      ...[...f.provisioned].map(([number, { requested }]) => `provisioned ${f.name}:${number} ${requested}`),
    ]);
  }
}

/** One look at a version brings its changes on; the configuration as of this look. */
export function look(version: FunctionVersion): Fields {
  const { configuration } = version;
  const State = version.pending > 0 ? 'Pending' : 'Active';
  const LastUpdateStatus = version.inProgress > 0 ? 'InProgress' : 'Successful';
  if (version.pending > 0) version.pending--;
  if (version.inProgress > 0) version.inProgress--;
  return { ...configuration, State, LastUpdateStatus };
}

/** Refuses a change while another one is being done, as the service does; each try is a look, so waiting helps. */
export function checkReady(version: FunctionVersion, arn: string): void {
  const { State, LastUpdateStatus } = look(version);
  const sorry = 'The operation cannot be performed at this time.';
  if (State === 'Pending') throw conflict(`${sorry} The function is currently in the following state: Pending`);
  if (LastUpdateStatus === 'InProgress') throw conflict(`${sorry} An update is in progress for resource: ${arn}`);
}

/** The optimistic lock of most changes: a RevisionId that is given must be the latest. */
export function checkRevision(configuration: Fields, requested: unknown): void {
  if (requested !== undefined && requested !== configuration['RevisionId']) throw stale();
}

export const touch = (configuration: Fields): void => {
  configuration['RevisionId'] = randomUUID();
};

/** Names of functions and aliases, weights: https://docs.aws.amazon.com/lambda/latest/api/API_CreateAlias.html */
export function checkName(name: unknown, most: number): void {
  if (!new RegExp(`^(?!^[0-9]+$)[a-zA-Z0-9_-]{1,${most}}$`).test(String(name)))
    throw invalid(`bad name ${String(name)}`);
}
