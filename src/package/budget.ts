import { ColdgateError, exitCodes } from '../errors.ts';

export interface SizedEntry {
  name: string;
  /** Bytes unpacked, and inside the zip. */
  size: number;
  storedSize: number;
}

/** Size limits of a platform, in bytes, and their source. */
export interface Budget {
  target: string;
  /** Nothing where the platform has no limit of its own for it. */
  unzipped?: number | undefined;
  zipped: number;
  source: string;
}

/**
 * Lambda: 262,144,000 bytes unpacked, layers included, not adjustable. Direct upload "50 MB (zipped)": the request is
 * capped at 69,905,067 bytes, which is 52,428,800 bytes in base64. Larger zips go through a bucket.
 */
export const lambdaBudget: Budget & { unzipped: number } = {
  target: 'aws-lambda',
  unzipped: 262_144_000,
  zipped: 52_428_800,
  source: 'AWS Lambda quotas: deployment package (.zip file archive) size',
};

/** What may be in our layer of an image: 10 GB unpacked; above 300 MB compressed the first start waits for the download. */
export const lambdaImageBudget: Budget = {
  target: 'aws-lambda with package: image',
  unzipped: 10_000_000_000,
  zipped: 300_000_000,
  source: 'AWS Lambda quotas: container image code package size; 300 MB compressed is the bound of Coldgate',
};

/**
 * Cloud Run: 262,144,000 bytes is the `maxSize` of an upload in run.v2; unpacked files are in memory, beside the model.
 */
export const cloudRunBudget: Budget = {
  target: 'google-cloud-run',
  unzipped: 1_000_000_000,
  zipped: 262_144_000,
  source: 'Cloud Run Admin API: size of a source archive; 1 GB unpacked is the bound of Coldgate',
};

/** Flex Consumption mounts a package of up to 1 GB as it is. */
export const flexBudget: Budget = {
  target: 'azure-functions',
  zipped: 1_000_000_000,
  source: 'Azure Functions Flex Consumption: size of a deployment package',
};

const shown = 10;

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** `41.2 MB  libonnxruntime.so.1 (17.9 MB in the zip)`, largest first, at most ten. */
export function largestEntries(entries: readonly SizedEntry[]): string[] {
  const sorted = [...entries].sort((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1));
  const lines = sorted.slice(0, shown).map((entry) => {
    return `${megabytes(entry.size).padStart(9)}  ${entry.name} (${megabytes(entry.storedSize)} in the zip)`;
  });
  return sorted.length > shown ? [...lines, `           and ${sorted.length - shown} smaller`] : lines;
}

/**
 * Refuses a package that the platform would refuse after the upload.
 * Throws ColdgateError `package-too-large` (exit 2) with the ten largest entries.
 */
export function checkBudget(entries: readonly SizedEntry[], zipped: number, budget: Budget): void {
  const unzipped = entries.reduce((sum, entry) => sum + entry.size, 0);
  const over = [
    budget.unzipped !== undefined &&
      unzipped > budget.unzipped &&
      `${unzipped} bytes unpacked, ${budget.unzipped} allowed`,
    zipped > budget.zipped && `${zipped} bytes zipped, ${budget.zipped} allowed`,
  ].filter((line) => line !== false);
  if (over.length === 0) return;
  throw new ColdgateError(
    'package-too-large',
    exitCodes.usage,
    [`The package is too large for ${budget.target}: ${over.join('; ')}.`, ...largestEntries(entries)].join('\n'),
    {
      hint: `Take out what the function does not need, the largest first (limit: ${budget.source}).`,
      data: {
        unzipped,
        zipped,
        budget: { ...budget },
        largest: entries.toSorted((a, b) => b.size - a.size).slice(0, shown),
      },
    },
  );
}
