import {
  CreateFunctionCommand,
  type FunctionConfiguration,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { ColdgateError, exitCodes } from '../../errors.ts';
import type { PackageFile } from '../target.ts';
import { codeOf } from './code.ts';
import { tagsOf } from './function-settings.ts';
import { layersOf } from './layer.ts';
import { formatMark, functionName } from './names.ts';
import {
  type FunctionState,
  isSame,
  observe,
  type PublishedVersion,
  packageDigest,
  publishedVersion,
} from './observe.ts';
import { waitUntilReady } from './ready.ts';
import { MovedError } from './refusal.ts';
import { checkSizes } from './sizes.ts';
import { mergedConfiguration, mergedVariables, type Wanted } from './wanted.ts';
import type { World } from './world.ts';

export interface Published {
  version: PublishedVersion;
  /** False when a version of this kind was there: a run that was killed had published it. */
  fresh: boolean;
}

/**
 * The function, made if it is not there; its code and settings are then those that are wanted. Throws what `checkSizes`
 * does where they would have to be changed, before anything is.
 */
export async function ensureFunction(
  world: World,
  given: string,
  wanted: Wanted,
  zip: PackageFile,
): Promise<FunctionState> {
  const found = await observe(world, given);
  const changes = wanted.role !== 'sample' && !found?.versions.some((version) => isSame(version, wanted));
  if (!found || changes) await checkSizes(world, zip);
  if (found) return found;
  const name = functionName(given);
  const { settings, calls, log } = world;
  log.info(`Creating the function ${name} in ${settings.region} (${Math.ceil(zip.size / 1e6)} MB).`);
  await calls.send(
    new CreateFunctionCommand({
      ...wanted.configuration,
      ...(await layersOf(world, wanted)),
      Role: settings.role,
      FunctionName: name,
      ...(zip.image === undefined ? {} : { PackageType: 'Image' }),
      Code: await codeOf(world, zip),
      Architectures: [settings.architecture],
      Environment: { Variables: mergedVariables({}, wanted) },
      Tags: tagsOf(world, name),
    }),
  );
  await waitUntilReady(world, name);
  const made = await observe(world, name);
  if (!made) throw new MovedError(new Error(`${name} is gone again`));
  return made;
}

/**
 * Publishes the version that is wanted: code, then configuration, then the version, each when the one before is done, each
 * on the revision that was seen. Published before and left by a killed run, it is taken up. `$LATEST` is the workbench of
 * every role and serves nobody. Throws MovedError when another run has used it meanwhile.
 * @param not number of a version that is to be replaced although it is the same
 */
export async function publish(
  world: World,
  state: FunctionState,
  wanted: Wanted,
  zip: PackageFile,
  not?: string,
): Promise<Published> {
  const known = state.versions.find((version) => isSame(version, wanted) && version.number !== not);
  if (known && wanted.role !== 'sample') {
    await waitUntilReady(world, state.name, known.number);
    return { version: known, fresh: false };
  }
  const coded = await ensureCode(world, state, wanted, zip);
  const latest = await configure(world, state.name, coded, wanted);
  const published = await world.calls.send(
    new PublishVersionCommand({
      FunctionName: state.name,
      Description: formatMark(wanted),
      CodeSha256: latest.CodeSha256,
      RevisionId: latest.RevisionId,
    }),
  );
  checkOurs(published, wanted);
  const version = publishedVersion(published);
  await waitUntilReady(world, state.name, version.number);
  return { version, fresh: true };
}

async function ensureCode(
  world: World,
  { name, latest }: FunctionState,
  wanted: Wanted,
  zip: PackageFile,
): Promise<FunctionConfiguration> {
  const { architecture } = world.settings;
  checkPackageType(latest, zip);
  if (packageDigest(latest) === wanted.packageSha256 && latest.Architectures?.[0] === architecture) {
    return isReady(latest) ? latest : waitUntilReady(world, name);
  }
  world.log.info(`Uploading the package of ${name} (${Math.ceil(zip.size / 1e6)} MB).`);
  await world.calls.send(
    new UpdateFunctionCodeCommand({
      FunctionName: name,
      ...(await codeOf(world, zip)),
      Architectures: [architecture],
      RevisionId: latest.RevisionId,
    }),
  );
  return waitUntilReady(world, name);
}

/** Throws ColdgateError `package-type-differs` (exit 2): Lambda fixes it when the function is made. */
function checkPackageType({ FunctionName, PackageType = 'Zip' }: FunctionConfiguration, { image }: PackageFile): void {
  const wanted = image === undefined ? 'Zip' : 'Image';
  if (PackageType === wanted) return;
  throw new ColdgateError(
    'package-type-differs',
    exitCodes.usage,
    `${FunctionName} was made for packages of type ${PackageType}, and Lambda does not change that to ${wanted}.`,
    { hint: 'Keep target.package as it was, or remove the function with coldgate destroy first.' },
  );
}

const isReady = ({ State, LastUpdateStatus }: FunctionConfiguration): boolean =>
  State === 'Active' && LastUpdateStatus === 'Successful';

async function configure(
  world: World,
  name: string,
  latest: FunctionConfiguration,
  wanted: Wanted,
): Promise<FunctionConfiguration> {
  const now = latest.Environment?.Variables ?? {};
  await world.calls.send(
    new UpdateFunctionConfigurationCommand({
      ...mergedConfiguration(now, wanted),
      ...(await layersOf(world, wanted)),
      FunctionName: name,
      Environment: { Variables: mergedVariables(now, wanted) },
      RevisionId: latest.RevisionId,
    }),
  );
  return checkOurs(await waitUntilReady(world, name), wanted);
}

/** The revision id alone would not do: it is read again after the wait, when it may be another run's. */
function checkOurs(configuration: FunctionConfiguration, wanted: Wanted): FunctionConfiguration {
  const { COLDGATE_REVISION: revision } = configuration.Environment?.Variables ?? {};
  if (revision === wanted.revision && packageDigest(configuration) === wanted.packageSha256) return configuration;
  throw new MovedError(new Error(`another run has changed ${configuration.FunctionName}`));
}
