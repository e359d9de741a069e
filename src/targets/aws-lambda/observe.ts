import type { Api } from '@aws-sdk/client-apigatewayv2';
import {
  type AliasConfiguration,
  type FunctionConfiguration,
  type FunctionUrlConfig,
  GetFunctionCommand,
  type GetFunctionResponse,
  ListAliasesCommand,
  ListFunctionUrlConfigsCommand,
  ListVersionsByFunctionCommand,
  type ProvisionedConcurrencyConfigListItem,
} from '@aws-sdk/client-lambda';
import { ColdgateError, exitCodes } from '../../errors.ts';
import { findApi } from './http-api.ts';
import { functionName, isCandidateAlias, type Mark, ownerTag, parseMark } from './names.ts';
import { isMissing } from './refusal.ts';
import type { Wanted } from './wanted.ts';
import type { World } from './world.ts';

/** A published version. */
export interface PublishedVersion {
  number: string;
  /** What it is for; nothing where it was published by other hands. */
  mark: Mark | undefined;
  packageSha256: string;
  publishedAt: Date;
  /** Whether the runtime is in a layer of ours. */
  hasRuntimeLayer: boolean;
}

/** A function as it was found, by four reading calls; five where it has, or is to have, an HTTP API. */
export interface FunctionState {
  name: string;
  arn: string;
  latest: FunctionConfiguration;
  tags: Record<string, string>;
  reserved: number | undefined;
  versions: PublishedVersion[];
  aliases: Map<string, AliasConfiguration>;
  /** By alias. */
  urls: Map<string, FunctionUrlConfig>;
  /** The HTTP API that its tag names as the function's. */
  api: Api | undefined;
  /** Instances that are kept warm, by version; read by what is concerned with them. */
  provisioned?: Map<string, ProvisionedConcurrencyConfigListItem>;
}

/**
 * Reads all of a function; nothing where there is none.
 * Throws ColdgateError `foreign-function` (exit 2) for one that Coldgate has not made.
 */
export async function observe(world: World, given: string): Promise<FunctionState | undefined> {
  const name = functionName(given);
  try {
    const asked = world.settings.endpoint === 'http-api';
    const [found, versions, aliases, urls, api] = await Promise.all([
      world.calls.send(new GetFunctionCommand({ FunctionName: name })),
      listVersions(world, name),
      listAliases(world, name),
      listUrls(world, name),
      asked ? findApi(world, name) : undefined,
    ]);
    const state = checkOwned(stateOf(name, found, versions, aliases, urls));
    return { ...state, api };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function stateOf(
  name: string,
  { Configuration: latest = {}, Tags = {}, Concurrency }: GetFunctionResponse,
  versions: FunctionConfiguration[],
  aliases: AliasConfiguration[],
  urls: FunctionUrlConfig[],
): FunctionState {
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
  };
}

export const publishedVersion = (one: FunctionConfiguration): PublishedVersion => ({
  number: one.Version ?? '',
  mark: parseMark(one.Description),
  packageSha256: packageDigest(one),
  publishedAt: new Date(one.LastModified ?? 0),
  hasRuntimeLayer: hasRuntimeLayer(one),
});

export const hasRuntimeLayer = ({ Layers = [] }: FunctionConfiguration): boolean =>
  Layers.some(({ Arn = '' }) => Arn.includes(':layer:coldgate-runtime-'));

/** Lambda's own digest of the package, in our form: of a zip it comes as base64, of an image as it is. */
export const packageDigest = ({ CodeSha256 = '' }: FunctionConfiguration): string =>
  /^[0-9a-f]{64}$/.test(CodeSha256) ? CodeSha256 : Buffer.from(CodeSha256, 'base64').toString('hex');

/** Same role, pin, settings and package. */
export const isSame = ({ mark, packageSha256 }: PublishedVersion, wanted: Wanted): boolean =>
  mark !== undefined &&
  mark.role === wanted.role &&
  mark.version === wanted.version &&
  mark.settingsSha256 === wanted.settingsSha256 &&
  packageSha256 === wanted.packageSha256;

/** `live` of `arn:aws:lambda:eu-west-1:123456789012:function:digits-production:live`. */
export const qualifierOf = (arn: string | undefined): string => (arn ?? '').split(':')[7] ?? '';

/** Aliases of candidates. */
export const candidatesOf = ({ aliases }: FunctionState): string[] => [...aliases.keys()].filter(isCandidateAlias);

export const versionOf = (state: FunctionState, alias: string): PublishedVersion | undefined => {
  const number = state.aliases.get(alias)?.FunctionVersion;
  return state.versions.find((version) => version.number === number);
};

function checkOwned(state: FunctionState): FunctionState {
  if (ownerTag in state.tags || state.versions.some(({ mark }) => mark)) return state;
  throw new ColdgateError(
    'foreign-function',
    exitCodes.usage,
    `There is a Lambda function ${state.name} that Coldgate has not made, so it is left alone.`,
    { hint: `Give the model another name, or tag the function ${ownerTag}=${state.name} to hand it over.` },
  );
}

async function listVersions(world: World, FunctionName: string): Promise<FunctionConfiguration[]> {
  const all: FunctionConfiguration[] = [];
  let Marker: string | undefined;
  do {
    const page = await world.calls.send(new ListVersionsByFunctionCommand({ FunctionName, Marker }));
    all.push(...(page.Versions ?? []));
    Marker = page.NextMarker;
  } while (Marker);
  return all;
}

async function listAliases(world: World, FunctionName: string): Promise<AliasConfiguration[]> {
  const all: AliasConfiguration[] = [];
  let Marker: string | undefined;
  do {
    const page = await world.calls.send(new ListAliasesCommand({ FunctionName, Marker }));
    all.push(...(page.Aliases ?? []));
    Marker = page.NextMarker;
  } while (Marker);
  return all;
}

async function listUrls(world: World, FunctionName: string): Promise<FunctionUrlConfig[]> {
  const all: FunctionUrlConfig[] = [];
  let Marker: string | undefined;
  do {
    const page = await world.calls.send(new ListFunctionUrlConfigsCommand({ FunctionName, Marker }));
    all.push(...(page.FunctionUrlConfigs ?? []));
    Marker = page.NextMarker;
  } while (Marker);
  return all;
}
