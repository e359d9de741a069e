import {
  CreateFunctionCommand,
  type FunctionConfiguration,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { ColdgateError, exitCodes } from '../../errors.ts';
import type { PackageFile } from '../../package/package-file.ts';
import { isSame } from '../../rollout/wanted.ts';
import { codeOf } from './code.ts';
import type { LambdaContext } from './context.ts';
import { tagsOf } from './function-settings.ts';
import { layersOf } from './layer.ts';
import { formatMark, functionName } from './names.ts';
import { observe, packageDigest, publishedVersion } from './observe.ts';
import { waitUntilReady } from './ready.ts';
import { movedError } from './refusal.ts';
import { checkSizes } from './sizes.ts';
import type { FunctionState, LambdaRevision } from './state.ts';
import { type LambdaWanted, mergedConfiguration, mergedVariables } from './wanted.ts';

export interface Published {
  version: LambdaRevision;
  /** False when a version of this kind was there: a run that was killed had published it. */
  fresh: boolean;
}

/**
 * The function, made if it is not there; its code and settings are then those that are wanted. Throws what `checkSizes`
 * does where they would have to be changed, before anything is.
 */
export async function ensureFunction(
  context: LambdaContext,
  given: string,
  wanted: LambdaWanted,
  zip: PackageFile,
): Promise<FunctionState> {
  const found = await observe(context, given);
  const changes = wanted.role !== 'sample' && !found?.versions.some((version) => isSame(version, wanted));
  if (!found || changes) await checkSizes(context, zip);
  if (found) return found;
  const name = functionName(given);
  const { settings, calls, log } = context;
  log.info(`Creating the function ${name} in ${settings.region} (${Math.ceil(zip.size / 1e6)} MB).`);
  await calls.send(
    new CreateFunctionCommand({
      ...wanted.configuration,
      ...(await layersOf(context, wanted)),
      Role: settings.role,
      FunctionName: name,
      ...(zip.image === undefined ? {} : { PackageType: 'Image' }),
      Code: await codeOf(context, zip),
      Architectures: [settings.architecture],
      Environment: { Variables: mergedVariables({}, wanted) },
      Tags: tagsOf(context, name),
    }),
  );
  await waitUntilReady(context, name);
  const made = await observe(context, name);
  if (!made) throw movedError(new Error(`${name} is gone again`));
  return made;
}

/**
 * Publishes the wanted version: code, then configuration, then the version, each after the step before is done and on
 * the revision id that was read. Adopts one that a killed run has published. `$LATEST` is where all roles prepare a
 * version; it serves no callers. Throws MovedError when another run has used it meanwhile.
 * @param not number of a version to replace although it is equal
 */
export async function publish(
  context: LambdaContext,
  state: FunctionState,
  wanted: LambdaWanted,
  zip: PackageFile,
  not?: string,
): Promise<Published> {
  const known = state.versions.find((version) => isSame(version, wanted) && version.id !== not);
  if (known && wanted.role !== 'sample') {
    await waitUntilReady(context, state.name, known.id);
    return { version: known, fresh: false };
  }
  const coded = await ensureCode(context, state, wanted, zip);
  const latest = await configure(context, state.name, coded, wanted);
  const published = await context.calls.send(
    new PublishVersionCommand({
      FunctionName: state.name,
      Description: formatMark(wanted),
      CodeSha256: latest.CodeSha256,
      RevisionId: latest.RevisionId,
    }),
  );
  checkOurs(published, wanted);
  const version = publishedVersion(published);
  await waitUntilReady(context, state.name, version.id);
  return { version, fresh: true };
}

async function ensureCode(
  context: LambdaContext,
  { name, latest }: FunctionState,
  wanted: LambdaWanted,
  zip: PackageFile,
): Promise<FunctionConfiguration> {
  const { architecture } = context.settings;
  checkPackageType(latest, zip);
  if (packageDigest(latest) === wanted.packageSha256 && latest.Architectures?.[0] === architecture) {
    return isReady(latest) ? latest : waitUntilReady(context, name);
  }
  context.log.info(`Uploading the package of ${name} (${Math.ceil(zip.size / 1e6)} MB).`);
  await context.calls.send(
    new UpdateFunctionCodeCommand({
      FunctionName: name,
      ...(await codeOf(context, zip)),
      Architectures: [architecture],
      RevisionId: latest.RevisionId,
    }),
  );
  return waitUntilReady(context, name);
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
  context: LambdaContext,
  name: string,
  latest: FunctionConfiguration,
  wanted: LambdaWanted,
): Promise<FunctionConfiguration> {
  const now = latest.Environment?.Variables ?? {};
  await context.calls.send(
    new UpdateFunctionConfigurationCommand({
      ...mergedConfiguration(now, wanted),
      ...(await layersOf(context, wanted)),
      FunctionName: name,
      Environment: { Variables: mergedVariables(now, wanted) },
      RevisionId: latest.RevisionId,
    }),
  );
  return checkOurs(await waitUntilReady(context, name), wanted);
}

/** The revision id alone would not do: it is read again after the wait, when it may be another run's. */
function checkOurs(configuration: FunctionConfiguration, wanted: LambdaWanted): FunctionConfiguration {
  const { COLDGATE_REVISION: revision } = configuration.Environment?.Variables ?? {};
  if (revision === wanted.revision && packageDigest(configuration) === wanted.packageSha256) return configuration;
  throw movedError(new Error(`another run has changed ${configuration.FunctionName}`));
}
