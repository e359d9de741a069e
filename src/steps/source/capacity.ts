import { cpuFor } from '../../config/check-google-cloud-run.ts';
import type { Config, ModelEntry, TargetSettings } from '../../config/types.ts';
import type { Problem } from '../../errors.ts';
import { bytesText } from '../results.ts';

/** What of a platform holds the files of a model while it is served. */
interface Room {
  /** For messages. */
  words: string;
  /** The setting that says how much of it there is, and what it says, MiB. */
  field: string;
  has: number;
  /** What the function needs of it besides, MiB. */
  own: number;
  /** What to set for so many MiB; undefined where nothing is enough. */
  setTo(mebibytes: number): string | undefined;
  /** What to do where nothing is enough. */
  otherwise: string;
}

export interface CapacityFindings {
  /** The platform cannot hold the model. */
  problems: Problem[];
  /** It holds one version, and a function loads the next beside the one that it serves. */
  notes: string[];
}

const mebibyte = 1024 * 1024;
/** Node and the runtime with a small model, rounded up, MiB. */
const processOwn = 256;
/** Most of it: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, https://cloud.google.com/run/quotas */
const [maxStorage, maxMemory] = [10_240, 32_768];
/** MB of an instance: https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#instance-sizes, …/functions-premium-plan#available-instance-skus */
const flexSizes = [512, 2048, 4096];
const premiumSizes = { EP1: 3584, EP2: 7168, EP3: 14_336 } as const;

const smaller = 'Make the model smaller, for example float16, or serve it elsewhere.';
const inSteps = (mebibytes: number): number => Math.ceil(mebibytes / 256) * 256;

function roomOf(target: TargetSettings): Room | undefined {
  switch (target.provider) {
    case 'local':
      return undefined;
    case 'aws-lambda': {
      const setTo = (need: number) => (need > maxStorage ? undefined : String(Math.min(inSteps(need), maxStorage)));
      const otherwise = `Lambda has at most ${maxStorage} MB. ${smaller}`;
      const has = target.ephemeralStorage;
      return { words: 'the /tmp of a Lambda function', field: 'ephemeral-storage', has, own: 16, setTo, otherwise };
    }
    case 'google-cloud-run': {
      const setTo = (need: number): string | undefined => {
        if (need > maxMemory) return undefined;
        const memory = Math.min(inSteps(need), maxMemory);
        const cpu = Number(cpuFor(memory));
        return cpu > target.cpu ? `${memory}, with cpu: ${cpu}` : String(memory);
      };
      const otherwise = `Cloud Run has at most ${maxMemory} MiB. ${smaller}`;
      const words = 'the memory of a Cloud Run instance, which has its files in it too';
      return { words, field: 'memory', has: target.memory, own: processOwn, setTo, otherwise };
    }
    case 'azure-functions':
      return target.plan === 'premium' ? premiumRoom(target.sku ?? 'EP1') : flexRoom(target.instanceMemory ?? 2048);
  }
}

function flexRoom(has: number): Room {
  const setTo = (need: number) => flexSizes.find((size) => size >= need)?.toString();
  const otherwise = `Flex Consumption has at most 4096 MB: use plan: premium with a larger sku. ${smaller}`;
  return { words: 'the memory of an Azure instance', field: 'instance-memory', has, own: processOwn, setTo, otherwise };
}

function premiumRoom(sku: keyof typeof premiumSizes): Room {
  const setTo = (need: number) => Object.entries(premiumSizes).find(([, size]) => size >= need)?.[0];
  const otherwise = `EP3 has 14 GB. ${smaller}`;
  const has = premiumSizes[sku];
  return { words: 'the memory of an Azure instance', field: 'sku', has, own: processOwn, setTo, otherwise };
}

/**
 * Holds the files that a function loads, `bytes` together, against what the platform of each environment has for them:
 * they are kept in the instance, the next version's beside those of the one that is served.
 */
export function checkCapacity({ environments }: Config, entry: ModelEntry, bytes: number): CapacityFindings {
  const findings: CapacityFindings = { problems: [], notes: [] };
  const seen = new Set<string>();
  for (const { name, target } of Object.values(environments)) {
    const room = roomOf(entry.target ?? target);
    const path = `${entry.target ? `models.${entry.name}` : `environments.${name}`}.target.${room?.field}`;
    if (!room || seen.has(path)) continue;
    seen.add(path);
    const needs = (versions: number) => Math.ceil((versions * bytes) / mebibyte) + room.own;
    const what = `${entry.name} (${bytesText(bytes)})`;
    if (needs(1) > room.has) {
      const enough = room.setTo(needs(1));
      const message = `expected room for ${what} in ${room.words}: at least ${needs(1)} MB, got ${room.has}.`;
      findings.problems.push({ path, message, hint: enough ? `Set it to ${enough}.` : room.otherwise });
    } else if (needs(2) > room.has) {
      const enough = room.setTo(needs(2));
      const way = enough ? `set ${path} to ${enough}` : 'each new version then waits for new instances';
      findings.notes.push(
        `${what} fits once into ${room.words}, and a function loads the next version beside it: ${way}.`,
      );
    }
  }
  return findings;
}
