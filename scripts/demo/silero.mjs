/**
 * A real model from an npm package: the Silero voice activity detector, two generations of it with the same interface.
 * The package is fetched with `npm pack` (nothing of it is installed or run) and checked against its digest.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { npm } from '../node24.mjs';

const pinned = {
  package: '@ricky0123/vad-web@0.0.31',
  sha512: 'ePVq8TvB21sdHSxVMZOEIf9JVa7MAYpaIaNXeGgsPOiMCN8xbPCdF2LS5aYj7VRR3ZxzutedgV9ZplV65IA1Fg==',
};

/** One file out of an uncompressed tar: blocks of 512 bytes, a header with name and octal size before each file. */
function fromTar(tar, wanted) {
  for (let at = 0; at + 512 <= tar.length; ) {
    const name = tar.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
    const size = Number.parseInt(tar.toString('ascii', at + 124, at + 136), 8) || 0;
    if (name === wanted) return tar.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error(`the package holds no ${wanted}`);
}

/** Writes silero-v5.onnx and silero-v6.onnx into the folder, from a cache where it has them. */
export function bringSilero(folder, cacheDir) {
  mkdirSync(folder, { recursive: true });
  const cached = join(cacheDir, 'vad-web-0.0.31.tgz');
  if (!existsSync(cached)) {
    const fresh = mkdtempSync(join(tmpdir(), 'coldgate-demo-'));
    try {
      npm(['pack', pinned.package, '--ignore-scripts', '--prefer-offline', '--pack-destination', fresh]);
    } catch {
      throw new Error(
        `npm could not fetch ${pinned.package}; its words are above. Check the network and run it again.`,
      );
    }
    mkdirSync(cacheDir, { recursive: true });
    writeFileSync(cached, readFileSync(join(fresh, readdirSync(fresh)[0])));
    rmSync(fresh, { recursive: true });
  }
  const tgz = readFileSync(cached);
  if (createHash('sha512').update(tgz).digest('base64') !== pinned.sha512) {
    rmSync(cached);
    throw new Error(`${pinned.package} is not the package that this demo was written for; run it again.`);
  }
  const tar = gunzipSync(tgz);
  for (const generation of ['v5', 'v6']) {
    const bytes = fromTar(tar, `package/dist/silero_vad_${generation}.onnx`);
    writeFileSync(join(folder, `silero-${generation}.onnx`), bytes);
  }
}

/** A golden sample: 32 ms of a synthetic vowel at 16 kHz, and the probability of speech that the model gives it. */
export function vowelSample(probability) {
  const input = Array.from({ length: 512 }, (_, i) => {
    let sum = 0;
    for (let h = 1; h <= 12; h++) sum += Math.sin((2 * Math.PI * 140 * h * i) / 16000) / h;
    return Math.round(2500 * sum) / 10000;
  });
  return {
    inputs: {
      input: { dtype: 'float32', shape: [1, 512], data: input },
      state: { dtype: 'float32', shape: [2, 1, 128], data: new Array(256).fill(0) },
      sr: { dtype: 'int64', shape: [], data: [16000] },
    },
    outputs: { output: { dtype: 'float32', shape: [1, 1], data: [probability] } },
    tolerance: { absolute: 0.001 },
  };
}
