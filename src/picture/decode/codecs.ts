import { createRequire } from 'node:module';
import { WasmCodec } from './wasm-codec.ts';

/** Of the packages in a clone; the build puts the files beside the bundle and their names there in place of this. */
const { resolve } = createRequire(import.meta.filename);

export const jpegCodec = new WasmCodec(
  resolve('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'),
  () => import('@jsquash/jpeg/codec/dec/mozjpeg_dec.js'),
  // Whether it turns pictures as EXIF asks: that is done here for all formats alike.
  false,
);

export const webpCodec = new WasmCodec(
  resolve('@jsquash/webp/codec/dec/webp_dec.wasm'),
  () => import('@jsquash/webp/codec/dec/webp_dec.js'),
);
