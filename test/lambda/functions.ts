import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { extractPackage } from '../../src/package/unzip.ts';
import { attachLayers, checkUnpacked, layerOperations, unpackedSize } from './layers.ts';
import { conflict, invalid, notFound } from './service-error.ts';
import {
  type Account,
  checkName,
  checkReady,
  checkRevision,
  type Fields,
  type FunctionVersion,
  functionArn,
  look,
  touch,
} from './state.ts';

type Operation = (account: Account, input: Fields, scratch: string) => Fields | undefined | Promise<Fields>;

/** What a configuration update takes over from the request as it is. */
const plain = ['Role', 'Handler', 'Description', 'Timeout', 'MemorySize', 'Runtime', 'KMSKeyArn', 'EphemeralStorage'];
const more = ['TracingConfig', 'LoggingConfig', 'FileSystemConfigs', 'VpcConfig'];

/** Takes the members that the request has. Throws ServiceError for values outside the service's limits. */
function apply(configuration: Fields, input: Fields): void {
  for (const name of [...plain, ...more]) if (input[name] !== undefined) configuration[name] = input[name];
  if (input['Environment'] !== undefined) configuration['Environment'] = input['Environment'];
  const within = (name: string, least: number, most: number, value = configuration[name]): void => {
    if (value !== undefined && !(Number(value) >= least && Number(value) <= most)) throw invalid(`bad ${name}`);
  };
  within('MemorySize', 128, 10_240);
  within('Timeout', 1, 900);
  within('EphemeralStorage', 512, 10_240, (configuration['EphemeralStorage'] as Fields | undefined)?.['Size']);
  if (String(configuration['Description'] ?? '').length > 256) throw invalid('Description is longer than 256');
  const variables = Object.entries(((configuration['Environment'] as Fields)?.['Variables'] ?? {}) as Fields);
  for (const [name] of variables) {
    const reserved = /^(?:AWS_|_HANDLER$|LAMBDA_)/.test(name) && name !== 'AWS_LAMBDA_EXEC_WRAPPER';
    if (reserved || !/^[a-zA-Z]\w+$/.test(name)) throw invalid(`Reserved or malformed variable ${name}`);
  }
  // 4 KB for all of them: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
  if (Buffer.byteLength(JSON.stringify(variables)) > 4096) throw invalid('Environment is larger than 4 KB');
  const inImage = configuration['PackageType'] === 'Image';
  if (inImage && (configuration['Runtime'] ?? configuration['Handler'] ?? configuration['Layers'])) {
    throw invalid('Please do not provide Runtime, Handler or Layers for an image.');
  }
  if (!inImage && !/^nodejs2[024]\.x$/.test(String(configuration['Runtime']))) throw invalid(`bad Runtime`);
}

async function takeCode(all: Account, version: FunctionVersion, code: Fields, scratch: string): Promise<void> {
  const { configuration } = version;
  if ((configuration['PackageType'] === 'Image') !== (code['ImageUri'] !== undefined)) {
    throw invalid(`Please provide code for a function of package type ${String(configuration['PackageType'])}`);
  }
  if (code['ImageUri'] !== undefined) takeImage(all, version, String(code['ImageUri']));
  else await takeZip(version, all.zipFrom(code), scratch);
}

function takeImage(all: Account, version: FunctionVersion, uri: string): void {
  const folder = all.images.get(uri);
  if (!folder) throw invalid(`Source image ${uri} does not exist. Provide a valid source image.`);
  version.folder = folder;
  version.configuration['CodeSha256'] = uri.split('@sha256:')[1];
  version.configuration['CodeSize'] = 0;
}

async function takeZip(version: FunctionVersion, zip: Buffer, scratch: string): Promise<void> {
  const digest = createHash('sha256').update(zip).digest();
  const sha256 = digest.toString('hex');
  mkdirSync(scratch, { recursive: true });
  const path = join(scratch, `${sha256}.zip`);
  writeFileSync(path, zip);
  // Refuses what unpacks to more than 262,144,000 bytes, as the service does.
  version.folder = await extractPackage({ path, sha256 }, scratch).catch((error: Error) => {
    throw invalid(`Could not unzip uploaded file: ${error.message}`);
  });
  version.configuration['CodeSha256'] = digest.toString('base64');
  version.configuration['CodeSize'] = zip.byteLength;
  version.unzipped = unpackedSize(zip);
  checkUnpacked(version);
}

const createFunction: Operation = async (all, input, scratch) => {
  const name = String(input['FunctionName']);
  checkName(name, 64);
  if (all.functions.has(name)) throw conflict(`Function already exist: ${name}`);
  const configuration: Fields = {
    FunctionName: name,
    FunctionArn: functionArn(name),
    Version: '$LATEST',
    Description: '',
    Timeout: 3,
    MemorySize: 128,
    PackageType: input['PackageType'] ?? 'Zip',
    Architectures: input['Architectures'] ?? ['x86_64'],
    LastModified: all.now().toISOString(),
  };
  apply(configuration, input);
  touch(configuration);
  const latest: FunctionVersion = { configuration, folder: '', pending: all.looks, inProgress: 0 };
  attachLayers(all, latest, input['Layers']);
  await takeCode(all, latest, input['Code'] as Fields, scratch);
  all.functions.set(name, {
    ...{ name, latest, versions: new Map(), counter: 0, aliases: new Map(), urls: new Map(), policies: new Map() },
    ...{ tags: { ...(input['Tags'] as Record<string, string>) }, reserved: undefined, provisioned: new Map() },
  });
  if (input['Publish']) throw invalid('The stand-in publishes by PublishVersion only');
  return { ...configuration, State: 'Pending' };
};

const updateFunctionCode: Operation = async (all, input, scratch) => {
  const { latest, name } = all.find(input['FunctionName']);
  checkReady(latest, functionArn(name));
  checkRevision(latest.configuration, input['RevisionId']);
  await takeCode(all, latest, input, scratch);
  if (input['Architectures']) latest.configuration['Architectures'] = input['Architectures'];
  return changed(all, latest);
};

const updateFunctionConfiguration: Operation = (all, input) => {
  const { latest, name } = all.find(input['FunctionName']);
  checkReady(latest, functionArn(name));
  checkRevision(latest.configuration, input['RevisionId']);
  const next = { ...latest.configuration };
  apply(next, input);
  const changing = { ...latest, configuration: next };
  attachLayers(all, changing, input['Layers']);
  checkUnpacked(changing);
  latest.configuration = next;
  latest.layers = changing.layers ?? [];
  return changed(all, latest);
};

function changed(all: Account, latest: FunctionVersion): Fields {
  touch(latest.configuration);
  latest.configuration['LastModified'] = all.now().toISOString();
  latest.inProgress = all.looks;
  return { ...latest.configuration, State: 'Active', LastUpdateStatus: 'InProgress' };
}

/** What makes two publications the same one. */
const essence = ({
  configuration: { RevisionId, Version, FunctionArn, LastModified, Description, ...rest },
}: FunctionVersion) => JSON.stringify(Object.entries(rest).sort());

const publishVersion: Operation = (all, input) => {
  const found = all.find(input['FunctionName']);
  const { latest, versions, name } = found;
  checkReady(latest, functionArn(name));
  checkRevision(latest.configuration, input['RevisionId']);
  const sha256 = latest.configuration['CodeSha256'];
  if (input['CodeSha256'] !== undefined && input['CodeSha256'] !== sha256) {
    throw invalid(`CodeSHA256 (${String(input['CodeSha256'])}) is different from current CodeSHA256 in $LATEST`);
  }
  const last = [...versions.values()].at(-1);
  if (last && essence(last) === essence(latest)) return { ...last.configuration, State: 'Active' };
  all.checkStorage(Number(latest.configuration['CodeSize']));
  const Version = String(++found.counter);
  const configuration: Fields = {
    ...latest.configuration,
    Version,
    FunctionArn: functionArn(name, Version),
    LastModified: all.now().toISOString(),
    RevisionId: randomUUID(),
    ...(input['Description'] !== undefined && { Description: input['Description'] }),
  };
  if (String(configuration['Description']).length > 256) throw invalid('Description is longer than 256');
  const { folder, unzipped = 0, layers = [] } = latest;
  versions.set(Version, { configuration, folder, unzipped, layers, pending: all.looks, inProgress: 0 });
  touch(latest.configuration);
  return { ...configuration, State: 'Pending', LastUpdateStatus: 'Successful' };
};

const getFunction: Operation = (all, input) => {
  const found = all.find(input['FunctionName']);
  const version = all.version(found.name, input['Qualifier']);
  return {
    Configuration: look(version),
    Code: { RepositoryType: 'S3', Location: 'https://awslambda.example/' },
    Tags: found.tags,
    ...(found.reserved !== undefined && { Concurrency: { ReservedConcurrentExecutions: found.reserved } }),
  };
};

const deleteFunction: Operation = (all, input) => {
  const found = all.find(input['FunctionName']);
  const number = input['Qualifier'];
  if (number === undefined) {
    all.functions.delete(found.name);
    return undefined;
  }
  if (!/^\d+$/.test(String(number))) throw invalid('$LATEST version cannot be deleted without deleting the function.');
  if (!found.versions.has(String(number))) throw notFound(`Function: ${functionArn(found.name, String(number))}`);
  const named = [...found.aliases.values()].find(({ configuration: { FunctionVersion, RoutingConfig } }) => {
    return FunctionVersion === number || String(number) in (RoutingConfig?.AdditionalVersionWeights ?? {});
  });
  if (named)
    throw conflict(`Version ${String(number)} is referenced by an alias: ${String(named.configuration['Name'])}`);
  found.versions.delete(String(number));
  found.provisioned.delete(String(number));
  return undefined;
};

/** Pages of 50, as the service has them however many are asked for. */
function paged(every: Fields[], marker: unknown): { page: Fields[]; next: Fields } {
  const start = Number(marker ?? 0);
  const next = start + 50 < every.length ? { NextMarker: String(start + 50) } : {};
  return { page: every.slice(start, start + 50), next };
}

export const functionOperations: Record<string, Operation> = {
  ...layerOperations,
  ListFunctions: (all, input) => {
    const every = [...all.functions.values()].flatMap(({ latest, versions }) =>
      [latest, ...(input['FunctionVersion'] === 'ALL' ? versions.values() : [])].map((one) => one.configuration),
    );
    const { page, next } = paged(every, input['Marker']);
    return { Functions: page, ...next };
  },
  CreateFunction: createFunction,
  UpdateFunctionCode: updateFunctionCode,
  UpdateFunctionConfiguration: updateFunctionConfiguration,
  PublishVersion: publishVersion,
  DeleteFunction: deleteFunction,
  GetFunction: getFunction,
  GetFunctionConfiguration: (all, input) => look(all.version(input['FunctionName'], input['Qualifier'])),
  ListVersionsByFunction: (all, input) => {
    const { latest, versions } = all.find(input['FunctionName']);
    const every = [latest, ...versions.values()].map(({ configuration }) => configuration);
    const { page, next } = paged(every, input['Marker']);
    return { Versions: page, ...next };
  },
};
export type { Operation };
