import {
  DeleteLayerVersionCommand,
  GetLayerVersionCommand,
  type LayerVersionsListItem,
  ListFunctionsCommand,
  ListLayerVersionsCommand,
  PublishLayerVersionCommand,
} from '@aws-sdk/client-lambda';
import type { LayerFile } from '../../package/package-file.ts';
import { gone } from './address.ts';
import { codeOf } from './code.ts';
import type { LambdaContext } from './context.ts';
import { isMissing } from './refusal.ts';
import { type LambdaWanted, runtime } from './wanted.ts';

/** One layer for all functions of an account, region and CPU; its versions are distinguished by their content. */
const layerName = ({ settings }: LambdaContext): string => `coldgate-runtime-${settings.architecture}`;
const described = (sha256: string): string => `coldgate ${sha256}`;
const ourDescription = /^coldgate [0-9a-f]{64}$/;

/** ARNs of the layers that a version of the function should have; undefined where its settings have no layers. */
export async function layersOf(context: LambdaContext, wanted: LambdaWanted): Promise<{ Layers?: string[] }> {
  const { layer, configuration } = wanted;
  if (!layer) return configuration.Layers ? { Layers: configuration.Layers } : {};
  return { Layers: [await ensureLayer(context, layer), ...(configuration.Layers ?? [])] };
}

/**
 * The layer version with these bytes, published where there is none. Two runs that do so at once make two, of which
 * `pruneLayers` takes the one that nothing names. The answer is kept for this run, until something has moved.
 */
async function ensureLayer(context: LambdaContext, file: LayerFile): Promise<string> {
  const known = context.layers.get(file.sha256);
  if (known) return known;
  const requestContext = { action: 'lambda:PublishLayerVersion', resource: layerName(context) };
  // Looked for before each try: the answer to one that was done may have been lost.
  const arn = await context.calls.withRetry(
    async ({ abortSignal }) => (await findLayer(context, file)) ?? publishLayer(context, file, abortSignal),
    requestContext,
  );
  context.layers.set(file.sha256, arn);
  return arn;
}

async function publishLayer(context: LambdaContext, file: LayerFile, signal: AbortSignal): Promise<string> {
  const { calls, log, settings } = context;
  const LayerName = layerName(context);
  log.info(`Publishing the runtime as a version of the layer ${LayerName} (${Math.ceil(file.size / 1e6)} MB).`);
  const publish = new PublishLayerVersionCommand({
    LayerName,
    Description: described(file.sha256),
    Content: await codeOf(context, file),
    CompatibleRuntimes: [runtime],
    CompatibleArchitectures: [settings.architecture],
    LicenseInfo: 'MIT',
  });
  const { LayerVersionArn = '' } = await calls.once(publish, signal);
  return LayerVersionArn;
}

/** Others may write descriptions: what counts is Lambda's own digest of the bytes. */
async function findLayer(context: LambdaContext, { sha256 }: LayerFile): Promise<string | undefined> {
  const sameLayers = (await listLayerVersions(context)).filter(({ Description }) => Description === described(sha256));
  for (const { Version: VersionNumber, LayerVersionArn } of sameLayers) {
    const digest = await layerDigest(context, VersionNumber ?? 0);
    if (digest === sha256) return LayerVersionArn;
    if (digest)
      context.log.warn(`${LayerVersionArn} is described as the runtime, but has other bytes: it is left unchanged.`);
  }
  return undefined;
}

async function layerDigest(context: LambdaContext, VersionNumber: number): Promise<string> {
  const place = { LayerName: layerName(context), VersionNumber };
  try {
    const { Content } = await context.calls.send(new GetLayerVersionCommand(place));
    return Buffer.from(Content?.CodeSha256 ?? '', 'base64').toString('hex');
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
}

async function listLayerVersions(context: LambdaContext): Promise<LayerVersionsListItem[]> {
  const all: LayerVersionsListItem[] = [];
  let Marker: string | undefined;
  do {
    const requested = { LayerName: layerName(context), ...(Marker !== undefined && { Marker }) };
    const page = await context.calls.send(new ListLayerVersionsCommand(requested));
    all.push(...(page.LayerVersions ?? []));
    Marker = page.NextMarker;
  } while (Marker);
  return all;
}

/**
 * Removes versions of our layer that no version of any function of the region names. Lambda keeps running functions
 * whose layer is deleted, and a run that was about to name one is refused, observes again and publishes it again: so no
 * lock is needed.
 * @param keep ARNs of layers that stay whatever is found
 */
export async function pruneLayers(context: LambdaContext, keep: Iterable<string> = []): Promise<void> {
  const kept = new Set(keep);
  const free = (await listLayerVersions(context)).filter(
    ({ LayerVersionArn = '', Description = '' }) => !kept.has(LayerVersionArn) && ourDescription.test(Description),
  );
  if (free.length === 0) return;
  const named = await namedLayers(context);
  const LayerName = layerName(context);
  for (const { LayerVersionArn = '', Version: VersionNumber } of free) {
    if (named.has(LayerVersionArn)) continue;
    context.log.debug(`Removing ${LayerVersionArn}, which no function names.`);
    await gone(context.calls.send(new DeleteLayerVersionCommand({ LayerName, VersionNumber })));
  }
}

/** Layers of all versions of all functions here: Lambda cannot be asked who uses one. */
async function namedLayers(context: LambdaContext): Promise<Set<string>> {
  const named = new Set<string>();
  let Marker: string | undefined;
  do {
    const requested = { FunctionVersion: 'ALL' as const, ...(Marker !== undefined && { Marker }) };
    const page = await context.calls.send(new ListFunctionsCommand(requested));
    for (const { Layers = [] } of page.Functions ?? []) for (const { Arn } of Layers) if (Arn) named.add(Arn);
    Marker = page.NextMarker;
  } while (Marker);
  return named;
}
