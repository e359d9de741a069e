import { arch, platform } from 'node:os';
import { ColdgateError, exitCodes } from '../errors.ts';

/** Operating system and CPU that a package is built for. */
export interface Platform {
  os: 'linux' | 'darwin';
  arch: 'x64' | 'arm64';
}

/**
 * What this machine is. Throws ColdgateError `platform-not-supported` (exit 2) where the handler cannot run: on
 * Windows, on other CPUs, and on Intel Macs, for which ONNX Runtime 1.30 has no binary.
 */
export function hostPlatform(os: string = platform(), cpu: string = arch()): Platform {
  return checkPlatform({ os, arch: cpu });
}

export function checkPlatform(wanted: { os: string; arch: string }): Platform {
  const { os, arch: cpu } = wanted;
  if (os === 'linux' && (cpu === 'x64' || cpu === 'arm64')) return { os, arch: cpu };
  if (os === 'darwin' && cpu === 'arm64') return { os, arch: cpu };
  const why =
    os === 'darwin'
      ? 'ONNX Runtime 1.30 has no binary for Macs with an Intel CPU'
      : 'the handler runs on linux x64, linux arm64 and darwin arm64';
  throw new ColdgateError('platform-not-supported', exitCodes.usage, `No package for ${os} ${cpu}: ${why}.`, {
    hint: 'Run this step on a Linux machine, or in a Linux container.',
    data: { os, arch: cpu },
  });
}

/** `linux-x64`: in names of folders and cache keys. */
export const platformKey = (platform: Platform): string => `${platform.os}-${platform.arch}`;
