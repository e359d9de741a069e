import type { BundleFile } from './bundle-files.ts';
import type { LayerFile } from './package-file.ts';
import { readZipFile } from './zip-file.ts';

/**
 * The native runtime as a separate module, in the folder where Node on Lambda looks for modules of layers:
 * https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html
 */
const moduleName = 'coldgate-onnxruntime';
const moduleFolder = `nodejs/node_modules/${moduleName}`;
const binding = 'onnxruntime_binding.node';

/** Files of the layer: those of the runtime as they would lie beside the bundle. Pure. */
export const layerFiles = (runtime: readonly BundleFile[]): BundleFile[] =>
  runtime.map(({ name, bytes }) => ({ name: `${moduleFolder}/${name}`, bytes }));

/**
 * The bundle asks for the binding beside it. There is a folder of that name, which Node loads as a module, and which
 * exports the path in the layer: below /opt, or wherever else NODE_PATH points. It contains the layer's digest, so that
 * the package's digest covers the layer. Pure.
 */
export function layerPointer(layer: Omit<LayerFile, 'path'>): BundleFile[] {
  const manifest = { type: 'commonjs', main: 'index.cjs', coldgateLayer: { sha256: layer.sha256, size: layer.size } };
  const specifier = `'${moduleName}/${binding}', { paths: ['/opt/nodejs'] }`;
  return [
    { name: `${binding}/package.json`, bytes: Buffer.from(`${JSON.stringify(manifest)}\n`) },
    { name: `${binding}/index.cjs`, bytes: Buffer.from(`module.exports = require.resolve(${specifier});\n`) },
  ];
}

/**
 * The layer that a package was built with; undefined where it has its runtime in itself. Throws IntegrityError
 * `bad-zip`.
 */
export function layerIn(zip: Buffer): Omit<LayerFile, 'path'> | undefined {
  const manifest = readZipFile(zip, `${binding}/package.json`);
  if (!manifest) return undefined;
  const { coldgateLayer } = JSON.parse(manifest.toString('utf8')) as { coldgateLayer: Omit<LayerFile, 'path'> };
  return coldgateLayer;
}
