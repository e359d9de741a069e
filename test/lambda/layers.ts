import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { extractPackage } from '../../src/package/unzip.ts';
import { readZipIndex } from '../../src/package/zip-index.ts';
import type { Operation } from './functions.ts';
import { invalid, notFound } from './service-error.ts';
import { type Account, account, type Fields, type FunctionVersion, region } from './state.ts';

/** A version of a layer: what the service tells of it, and what it unpacks to below /opt. */
export interface LayerVersion {
  arn: string;
  number: number;
  description: string;
  /** Of the zip, base64. */
  sha256: string;
  /** Bytes zipped, and unpacked. */
  size: number;
  unzipped: number;
  folder: string;
  runtimes: unknown;
  architectures: unknown;
  licence: unknown;
}

/** Function and layers may unpack to this together: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const maxUnpackedBytes = 262_144_000;
const maxLayers = 5;

export const layerArn = (name: string, number?: number): string =>
  `arn:aws:lambda:${region}:${account}:layer:${name}${number === undefined ? '' : `:${number}`}`;

/** A layer of other hands, such as one of another account. */
export function addForeignLayer(all: Account, arn: string, sizes: { size: number; unzipped: number }): void {
  const number = Number(arn.split(':')[7]);
  const made = { description: '', sha256: '', folder: '', runtimes: [], architectures: [], licence: '' };
  all.layers.set(arn, { arn, number, ...made, ...sizes });
}

export const unpackedSize = (zip: Buffer): number => readZipIndex(zip).reduce((sum, { size }) => sum + size, 0);

/**
 * Gives a version the layers of a request. What is attached stays attached when the layer is deleted, as in the service.
 * Throws ServiceError for one that is not there, and for too many.
 */
export function attachLayers(all: Account, version: FunctionVersion, requested: unknown): void {
  const arns = requested as string[] | undefined;
  if (!arns) return;
  if (arns.length > maxLayers) throw invalid(`Cannot reference more than ${maxLayers} layers.`);
  const layers = arns.map((arn) => {
    const known = all.layers.get(arn) ?? version.layers?.find((one) => one.arn === arn);
    if (!known) throw invalid(`Layer version ${arn} does not exist.`);
    return known;
  });
  version.layers = layers;
  version.configuration['Layers'] = layers.map(({ arn, size }) => ({ Arn: arn, CodeSize: size }));
}

/** Throws ServiceError where code and layers together are too large. */
export function checkUnpacked({ unzipped = 0, layers = [] }: FunctionVersion): void {
  const total = layers.reduce((sum, layer) => sum + layer.unzipped, unzipped);
  if (total <= maxUnpackedBytes) return;
  const limit = `the maximum allowed size of ${maxUnpackedBytes} bytes`;
  throw invalid(`Function code combined with layers exceeds ${limit}. The actual size is ${total} bytes.`);
}

const versionsOf = (all: Account, name: unknown): LayerVersion[] =>
  [...all.layers.values()].filter(({ arn }) => arn.startsWith(`${layerArn(String(name))}:`));

function found(all: Account, arn: string): LayerVersion {
  const one = all.layers.get(arn);
  if (!one) throw notFound(`Layer version ${arn}`);
  return one;
}

const itemOf = (one: LayerVersion): Fields => ({
  LayerVersionArn: one.arn,
  Version: one.number,
  Description: one.description,
  CreatedDate: '2026-01-01T00:00:00.000+0000',
  CompatibleRuntimes: one.runtimes,
  CompatibleArchitectures: one.architectures,
  LicenseInfo: one.licence,
});

const answerOf = (one: LayerVersion): Fields => ({
  ...itemOf(one),
  LayerArn: one.arn.replace(/:\d+$/, ''),
  Content: { Location: 'https://awslambda.example/', CodeSha256: one.sha256, CodeSize: one.size },
});

const publish: Operation = async (all, input, scratch) => {
  const name = String(input['LayerName']);
  if (!/^[a-zA-Z0-9-_]{1,140}$/.test(name)) throw invalid(`bad layer name ${name}`);
  if (String(input['Description'] ?? '').length > 256) throw invalid('Description is longer than 256');
  const zip = all.zipFrom(input['Content'] as Fields);
  const digest = createHash('sha256').update(zip).digest();
  const sha256 = digest.toString('hex');
  mkdirSync(scratch, { recursive: true });
  const path = join(scratch, `${sha256}.zip`);
  writeFileSync(path, zip);
  const number = (all.layerCounters.get(name) ?? 0) + 1;
  all.layerCounters.set(name, number);
  const one: LayerVersion = {
    ...{ arn: layerArn(name, number), number, description: String(input['Description'] ?? '') },
    ...{ sha256: digest.toString('base64'), size: zip.byteLength, unzipped: unpackedSize(zip) },
    folder: await extractPackage({ path, sha256 }, scratch),
    runtimes: input['CompatibleRuntimes'],
    architectures: input['CompatibleArchitectures'],
    licence: input['LicenseInfo'],
  };
  all.layers.set(one.arn, one);
  return answerOf(one);
};

export const layerOperations: Record<string, Operation> = {
  PublishLayerVersion: publish,
  ListLayerVersions: (all, input) => ({
    LayerVersions: versionsOf(all, input['LayerName'])
      .sort((a, b) => b.number - a.number)
      .map(itemOf),
  }),
  GetLayerVersion: (all, input) =>
    answerOf(found(all, layerArn(String(input['LayerName']), Number(input['VersionNumber'])))),
  GetLayerVersionByArn: (all, input) => answerOf(found(all, String(input['Arn']))),
  // Deleting what is gone succeeds.
  DeleteLayerVersion: (all, input) => {
    all.layers.delete(layerArn(String(input['LayerName']), Number(input['VersionNumber'])));
    return undefined;
  },
};
