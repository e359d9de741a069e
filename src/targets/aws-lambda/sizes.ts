import { GetLayerVersionByArnCommand } from '@aws-sdk/client-lambda';
import { ColdgateError, exitCodes, InputError } from '../../errors.ts';
import { lambdaBudget } from '../../package/budget.ts';
import type { PackageFile } from '../../package/package-file.ts';
import type { LambdaContext } from './context.ts';
import { isMissing } from './refusal.ts';

/**
 * Refuses, before anything is changed, what Lambda would refuse in the middle of a deployment: a zip that does not fit
 * into a request, layers that are not there, code and layers above 250 MB unpacked. For unmanaged layers Lambda reports
 * only the zipped size, so that counts, which is less than the unpacked one: what is refused here is certainly too
 * large; what is not may still be refused by Lambda. Throws ColdgateError `package-too-large` or InputError
 * `layer-not-found` (exit 2).
 */
export async function checkSizes(context: LambdaContext, zip: PackageFile): Promise<void> {
  if (zip.image !== undefined) return;
  checkRequestSize(context, zip);
  if (zip.layer) checkRequestSize(context, zip.layer);
  const layers = await layerSizes(context);
  const zipped = layers.reduce((sum, { size }) => sum + size, 0);
  const own = zip.unzipped ?? zip.size + (zip.layer?.size ?? 0);
  if (own + zipped <= lambdaBudget.unzipped) return;
  const parts = layers.map(({ arn, size }) => `\n  ${arn}: ${size} bytes zipped`).join('');
  throw new ColdgateError(
    'package-too-large',
    exitCodes.usage,
    `Package and layers are too large: ${own} bytes unpacked and at least ${zipped} of target.layers, ${lambdaBudget.unzipped} allowed for both.${parts}`,
    {
      hint: 'Take layers out of target.layers, or use package: image. Nothing was changed.',
      data: { unzipped: own, layers, limit: lambdaBudget.unzipped },
    },
  );
}

/** Throws ColdgateError `package-too-large` (exit 2) for a zip above 50 MB without a bucket to go through. */
export function checkRequestSize({ settings }: LambdaContext, { size }: { size: number }): void {
  if (size <= lambdaBudget.zipped || settings.uploadBucket !== undefined) return;
  throw new ColdgateError(
    'package-too-large',
    exitCodes.usage,
    `The package has ${size} bytes; Lambda takes ${lambdaBudget.zipped} in a request.`,
    { hint: 'Set target.upload-bucket to a bucket in the region of the function: larger packages go through it.' },
  );
}

async function layerSizes({ calls, settings }: LambdaContext): Promise<{ arn: string; size: number }[]> {
  const found = await Promise.all(
    (settings.layers ?? []).map(async (arn) => {
      try {
        const { Content } = await calls.send(new GetLayerVersionByArnCommand({ Arn: arn }));
        return { arn, size: Content?.CodeSize ?? 0 };
      } catch (error) {
        if (isMissing(error)) return { arn, size: undefined };
        throw error;
      }
    }),
  );
  const missing = found.filter(({ size }) => size === undefined);
  if (missing.length === 0) return found as { arn: string; size: number }[];
  throw new InputError(
    missing.map(({ arn }) => ({
      path: 'target.layers',
      message: `there is no layer version ${arn}.`,
      hint: 'An ARN ends with the number of the version; a deleted one cannot be given to a function any more.',
    })),
    { code: 'layer-not-found' },
  );
}
