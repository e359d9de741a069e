import {
  type AliasConfiguration,
  type FunctionConfiguration,
  type FunctionUrlConfig,
  GetFunctionCommand,
  type GetFunctionResponse,
  ListAliasesCommand,
  ListFunctionUrlConfigsCommand,
  ListVersionsByFunctionCommand,
} from '@aws-sdk/client-lambda';
import { ColdgateError, exitCodes } from '../../errors.ts';
import type { FunctionView } from '../../rollout/platform.ts';
import type { LambdaContext } from './context.ts';
import { findApi } from './http-api.ts';
import { functionName, isCandidateAlias, ownerTag, parseMark, wayTo } from './names.ts';
import { surplusVersions } from './prune.ts';
import { isMissing } from './refusal.ts';
import { findRestApi } from './rest-api.ts';
import { restUrl } from './rest-calls.ts';
import type { FunctionState, LambdaRevision } from './state.ts';
import { streamVariable } from './wanted.ts';

/**
 * Reads all of a function; undefined where there is none. Throws ColdgateError `foreign-function` (exit 2) for one that
 * Coldgate has not made.
 */
export async function observe(context: LambdaContext, given: string): Promise<FunctionState | undefined> {
  const name = functionName(given);
  try {
    const { endpoint } = context.settings;
    const [found, versions, aliases, urls, api, restApi] = await Promise.all([
      context.calls.send(new GetFunctionCommand({ FunctionName: name })),
      listVersions(context, name),
      listAliases(context, name),
      listUrls(context, name),
      endpoint === 'http-api' ? findApi(context, name) : undefined,
      endpoint === 'rest-api' ? findRestApi(context, name) : undefined,
    ]);
    const read = { ...readingOf(name, found, versions, aliases, urls), api, restApi };
    return checkOwned({ ...read, ...viewOf(context, read) });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

type Reading = Omit<FunctionState, keyof FunctionView> & Pick<FunctionState, 'name'>;

function readingOf(
  name: string,
  { Configuration: latest = {}, Tags = {}, Concurrency }: GetFunctionResponse,
  versions: FunctionConfiguration[],
  aliases: AliasConfiguration[],
  urls: FunctionUrlConfig[],
): Reading {
  return {
    name,
    arn: latest.FunctionArn ?? '',
    latest,
    tags: Tags,
    reserved: Concurrency?.ReservedConcurrentExecutions,
    versions: versions.flatMap((one) => (one.Version === '$LATEST' ? [] : [publishedVersion(one)])),
    aliases: new Map(aliases.map((alias) => [alias.Name ?? '', alias])),
    urls: new Map(urls.map((url) => [qualifierOf(url.FunctionArn), url])),
    api: undefined,
    restApi: undefined,
  };
}

export function publishedVersion(one: FunctionConfiguration): LambdaRevision {
  const { role, version = null, settingsSha256 = '', until } = parseMark(one.Description) ?? {};
  return {
    id: one.Version ?? '',
    ...{ role, version, settingsSha256, until },
    packageSha256: packageDigest(one),
    publishedAt: new Date(one.LastModified ?? 0),
    hasRuntimeLayer: hasRuntimeLayer(one),
    streams: one.Environment?.Variables?.[streamVariable] === 'true',
    url: undefined,
  };
}

export const hasRuntimeLayer = ({ Layers = [] }: FunctionConfiguration): boolean =>
  Layers.some(({ Arn = '' }) => Arn.includes(':layer:coldgate-runtime-'));

/** Lambda's own digest of the package, in our form: of a zip it comes as base64, of an image as it is. */
export const packageDigest = ({ CodeSha256 = '' }: FunctionConfiguration): string =>
  /^[0-9a-f]{64}$/.test(CodeSha256) ? CodeSha256 : Buffer.from(CodeSha256, 'base64').toString('hex');

/** The function as a rollout looks at it: what each alias names, and where that answers. */
function viewOf(context: LambdaContext, read: Reading): Omit<FunctionView<LambdaRevision>, 'name'> {
  const { alias } = context.settings;
  const at = (one: string): LambdaRevision[] => {
    const version = versionOf(read, one);
    return version ? [{ ...version, alias: one, url: urlAt(context, read, one) }] : [];
  };
  const [share] = Object.keys(read.aliases.get(alias)?.RoutingConfig?.AdditionalVersionWeights ?? {});
  const candidates = candidatesOf(read).flatMap(at);
  return {
    live: at(alias)[0],
    shifting: read.versions.find(({ id }) => id === share),
    candidates: candidates.sort((a, b) => Number(a.id) - Number(b.id)),
    revisions: read.versions,
    surplus: surplusVersions(read, context.now()).length,
  };
}

function urlAt(context: LambdaContext, { name, arn, api, restApi, urls }: Reading, alias: string): string | undefined {
  const way = wayTo(context.settings, alias);
  if (way === 'none') return `${arn}:${alias}`;
  if (way === 'rest-api') return restApi && restUrl(context, restApi, name);
  return way === 'http-api' ? api?.ApiEndpoint : urls.get(alias)?.FunctionUrl?.replace(/\/$/, '');
}

/** `live` of `arn:aws:lambda:eu-west-1:123456789012:function:digits-production:live`. */
export const qualifierOf = (arn: string | undefined): string => (arn ?? '').split(':')[7] ?? '';

/** Aliases of candidates. */
const candidatesOf = ({ aliases }: Pick<FunctionState, 'aliases'>): string[] =>
  [...aliases.keys()].filter(isCandidateAlias);

export const versionOf = (
  state: Pick<FunctionState, 'aliases' | 'versions'>,
  alias: string,
): LambdaRevision | undefined => {
  const number = state.aliases.get(alias)?.FunctionVersion;
  return state.versions.find((version) => version.id === number);
};

function checkOwned(state: FunctionState): FunctionState {
  if (ownerTag in state.tags || state.versions.some(({ role }) => role)) return state;
  throw new ColdgateError(
    'foreign-function',
    exitCodes.usage,
    `There is a Lambda function ${state.name} that Coldgate has not made, so it is left alone.`,
    { hint: `Give the model another name, or tag the function ${ownerTag}=${state.name} to have Coldgate manage it.` },
  );
}

async function listVersions(context: LambdaContext, FunctionName: string): Promise<FunctionConfiguration[]> {
  const all: FunctionConfiguration[] = [];
  let Marker: string | undefined;
  do {
    const page = await context.calls.send(new ListVersionsByFunctionCommand({ FunctionName, Marker }));
    all.push(...(page.Versions ?? []));
    Marker = page.NextMarker;
  } while (Marker);
  return all;
}

async function listAliases(context: LambdaContext, FunctionName: string): Promise<AliasConfiguration[]> {
  const all: AliasConfiguration[] = [];
  let Marker: string | undefined;
  do {
    const page = await context.calls.send(new ListAliasesCommand({ FunctionName, Marker }));
    all.push(...(page.Aliases ?? []));
    Marker = page.NextMarker;
  } while (Marker);
  return all;
}

async function listUrls(context: LambdaContext, FunctionName: string): Promise<FunctionUrlConfig[]> {
  const all: FunctionUrlConfig[] = [];
  let Marker: string | undefined;
  do {
    const page = await context.calls.send(new ListFunctionUrlConfigsCommand({ FunctionName, Marker }));
    all.push(...(page.FunctionUrlConfigs ?? []));
    Marker = page.NextMarker;
  } while (Marker);
  return all;
}
