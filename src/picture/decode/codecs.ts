import { createRequire } from 'node:module';
import { WasmCodec } from './wasm-codec.ts';

export const jpegCodec = new WasmCodec(
  // The build puts the file beside the bundle, and its name there in place of this.
  createRequire(import.meta.filename).resolve('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'),
  () => import('@jsquash/jpeg/codec/dec/mozjpeg_dec.js'),
  // Whether it turns pictures as EXIF asks: that is done here for all formats alike.
  false,
);

export const webpCodec = new WasmCodec(
  createRequire(import.meta.filename).resolve('@jsquash/webp/codec/dec/webp_dec.wasm'),
  () => import('@jsquash/webp/codec/dec/webp_dec.js'),
);
