import type { TargetSettings } from '../config/types.ts';

/** What one connection reads of a store in its region, bytes a second (docs/facts.md, limits of the stores). */
export const bytesPerSecond = 85_000_000;
/** Least that a start takes beside the load: process, runtime and first run of a small model, ms. */
export const leastStartMs = 400;
/** Instances without requests go after 5 to 15 minutes; the sooner, s. */
export const idleSeconds = 300;
export const monthSeconds = 30 * 24 * 3600;
/** USD a GB: between regions of one continent, and out of a cloud; list prices. */
export const regionUsd = 0.02;
export const cloudUsd = 0.09;

/** Of Lambda's memory: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const mbOfOneCpu = 1769;
const flexCpus: Readonly<Record<number, number>> = { 512: 0.25, 2048: 1, 4096: 2 };
const premium = { EP1: { cpus: 1, gb: 3.5 }, EP2: { cpus: 2, gb: 7 }, EP3: { cpus: 4, gb: 14 } } as const;

/** vCPUs of one instance; undefined on this machine. */
export function cpusOf(target: TargetSettings): number | undefined {
  switch (target.provider) {
    case 'local':
      return undefined;
    case 'aws-lambda':
      return Math.min(6, target.memory / mbOfOneCpu);
    case 'google-cloud-run':
      return target.cpu;
    case 'azure-functions':
      return target.plan === 'premium' ? premium[target.sku ?? 'EP1'].cpus : flexCpus[target.instanceMemory ?? 2048];
  }
}

/** The setting that keeps instances warm, how many it keeps now, and what one costs a month, idle, USD (list price). */
export interface Warm {
  field: string;
  instances: number;
  usd: number;
}

/**
 * List prices: Lambda's provisioned concurrency 4.17 millionths a GB-second, Cloud Run's idle instances 2.5 millionths a
 * vCPU-second and a GiB-second, Flex Consumption's always ready instances 4 millionths a GB-second.
 */
export function warmOf(target: TargetSettings): Warm | undefined {
  const month = monthSeconds / 1e6;
  switch (target.provider) {
    case 'local':
      return undefined;
    case 'aws-lambda': {
      const usd = (target.memory / 1024) * 4.17 * month;
      return { field: 'provisioned-concurrency', instances: target.provisionedConcurrency, usd };
    }
    case 'google-cloud-run': {
      const usd = (target.cpu + target.memory / 1024) * 2.5 * month;
      return { field: 'min-instances', instances: target.minInstances, usd };
    }
    case 'azure-functions': {
      if (target.plan === 'premium') {
        // A premium plan has one instance at least, which is billed whatever it does.
        return { field: 'pre-warmed', instances: 1 + (target.preWarmed ?? 1), usd: 0 };
      }
      const usd = ((target.instanceMemory ?? 2048) / 1024) * 4 * month;
      return { field: 'always-ready', instances: target.alwaysReady ?? 0, usd };
    }
  }
}

/**
 * What one call costs that an instance works on for so long, USD; undefined on this machine. List prices: Lambda 16.7
 * millionths a GB-second and 0.20 a million calls; Cloud Run 24 a vCPU-second, 2.5 a GiB-second and 0.40 a million; Flex
 * Consumption 26 a GB-second and 0.40 a million, 1 s at least.
 */
export function callUsd(target: TargetSettings, ms: number): number | undefined {
  const seconds = ms / 1000;
  switch (target.provider) {
    case 'local':
      return undefined;
    case 'aws-lambda':
      return ((target.memory / 1024) * seconds * 16.7 + 0.2) / 1e6;
    case 'google-cloud-run':
      return ((target.cpu * 24 + (target.memory / 1024) * 2.5) * seconds + 0.4) / 1e6;
    case 'azure-functions':
      if (target.plan === 'premium') return 0;
      return (((target.instanceMemory ?? 2048) / 1024) * Math.max(1, seconds) * 26 + 0.4) / 1e6;
  }
}
