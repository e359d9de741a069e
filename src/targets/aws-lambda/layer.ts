import {
  DeleteLayerVersionCommand,
  GetLayerVersionCommand,
  type LayerVersionsListItem,
  ListFunctionsCommand,
  ListLayerVersionsCommand,
  PublishLayerVersionCommand,
} from '@aws-sdk/client-lambda';
import type { LayerFile } from '../target.ts';
import { gone } from './address.ts';
import { codeOf } from './code.ts';
import { isMissing } from './refusal.ts';
import { runtime, type Wanted } from './wanted.ts';
import type { World } from './world.ts';

/** One layer for all functions of an account, region and CPU; its versions are told apart by what is in them. */
const layerName = ({ settings }: World): string => `coldgate-runtime-${settings.architecture}`;
const described = (sha256: string): string => `coldgate ${sha256}`;
const ourDescription = /^coldgate [0-9a-f]{64}$/;

/** ARNs of the layers that a version of the function is to have; nothing where its settings do not speak of layers. */
export async function layersOf(world: World, wanted: Wanted): Promise<{ Layers?: string[] }> {
  const { layer, configuration } = wanted;
  if (!layer) return configuration.Layers ? { Layers: configuration.Layers } : {};
  return { Layers: [await ensureLayer(world, layer), ...(configuration.Layers ?? [])] };
}

/**
 * The layer version with these bytes, published where there is none. Two runs that do so at once make two, of which
 * `pruneLayers` takes the one that nothing names. The answer is kept for this run, until something has moved.
 */
async function ensureLayer(world: World, file: LayerFile): Promise<string> {
  const known = world.layers.get(file.sha256);
  if (known) return known;
  const asked = { action: 'lambda:PublishLayerVersion', resource: layerName(world) };
  // Looked for before each try: the answer to one that was done may have been lost.
  const arn = await world.calls.patiently(
    async ({ abortSignal }) => (await findLayer(world, file)) ?? publishLayer(world, file, abortSignal),
    asked,
  );
  world.layers.set(file.sha256, arn);
  return arn;
}

async function publishLayer(world: World, file: LayerFile, signal: AbortSignal): Promise<string> {
  const { calls, log, settings } = world;
  const LayerName = layerName(world);
  log.info(`Publishing the runtime as a version of the layer ${LayerName} (${Math.ceil(file.size / 1e6)} MB).`);
  const publish = new PublishLayerVersionCommand({
    LayerName,
    Description: described(file.sha256),
    Content: await codeOf(world, file),
    CompatibleRuntimes: [runtime],
    CompatibleArchitectures: [settings.architecture],
    LicenseInfo: 'MIT',
  });
  const { LayerVersionArn = '' } = await calls.once(publish, signal);
  return LayerVersionArn;
}

/** Others may write descriptions: what counts is Lambda's own digest of the bytes. */
async function findLayer(world: World, { sha256 }: LayerFile): Promise<string | undefined> {
  const said = (await listLayerVersions(world)).filter(({ Description }) => Description === described(sha256));
  for (const { Version: VersionNumber, LayerVersionArn } of said) {
    const digest = await layerDigest(world, VersionNumber ?? 0);
    if (digest === sha256) return LayerVersionArn;
    if (digest)
      world.log.warn(`${LayerVersionArn} says that it is the runtime, and has other bytes: it is left alone.`);
  }
  return undefined;
}

async function layerDigest(world: World, VersionNumber: number): Promise<string> {
  const place = { LayerName: layerName(world), VersionNumber };
  try {
    const { Content } = await world.calls.send(new GetLayerVersionCommand(place));
    return Buffer.from(Content?.CodeSha256 ?? '', 'base64').toString('hex');
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
}

async function listLayerVersions(world: World): Promise<LayerVersionsListItem[]> {
  const all: LayerVersionsListItem[] = [];
  let Marker: string | undefined;
  do {
    const asked = { LayerName: layerName(world), ...(Marker !== undefined && { Marker }) };
    const page = await world.calls.send(new ListLayerVersionsCommand(asked));
    all.push(...(page.LayerVersions ?? []));
    Marker = page.NextMarker;
  } while (Marker);
  return all;
}

/**
 * Removes versions of our layer that no version of any function of the region names. Lambda goes on running functions
 * whose layer is deleted, and a run that was about to name one is refused, looks again and publishes it anew: so nothing
 * has to be locked.
 * @param keep ARNs of layers that stay whatever is found
 */
export async function pruneLayers(world: World, keep: Iterable<string> = []): Promise<void> {
  const kept = new Set(keep);
  const free = (await listLayerVersions(world)).filter(
    ({ LayerVersionArn = '', Description = '' }) => !kept.has(LayerVersionArn) && ourDescription.test(Description),
  );
  if (free.length === 0) return;
  const named = await namedLayers(world);
  const LayerName = layerName(world);
  for (const { LayerVersionArn = '', Version: VersionNumber } of free) {
    if (named.has(LayerVersionArn)) continue;
    world.log.debug(`Removing ${LayerVersionArn}, which no function names.`);
    await gone(world.calls.send(new DeleteLayerVersionCommand({ LayerName, VersionNumber })));
  }
}

/** Layers of all versions of all functions here: Lambda cannot be asked who uses one. */
async function namedLayers(world: World): Promise<Set<string>> {
  const named = new Set<string>();
  let Marker: string | undefined;
  do {
    const asked = { FunctionVersion: 'ALL' as const, ...(Marker !== undefined && { Marker }) };
    const page = await world.calls.send(new ListFunctionsCommand(asked));
    for (const { Layers = [] } of page.Functions ?? []) for (const { Arn } of Layers) if (Arn) named.add(Arn);
    Marker = page.NextMarker;
  } while (Marker);
  return named;
}
