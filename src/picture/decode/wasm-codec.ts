import { readFileSync } from 'node:fs';
import { broken } from '../picture-error.ts';
import type { Pixels } from './pixels.ts';

/** A codec's instance, as its glue code gives it. */
interface Instance {
  /** Decodes to four bytes a pixel; null where it cannot. */
  decode(
    bytes: Uint8Array,
    keepOrientation?: boolean,
  ): { data: Uint8ClampedArray; width: number; height: number } | null;
  HEAPU8: Uint8Array;
}

/** TypeScript has these among the types of browsers alone. */
interface Engine {
  compile(code: Uint8Array): Promise<Compiled>;
  Instance: new (module: Compiled, imports: object) => { exports: object };
}
type Compiled = object & { readonly compiled?: never };
const engine = (globalThis as unknown as { WebAssembly: Engine }).WebAssembly;

type MakeInstance = (options: {
  noInitialRun: true;
  instantiateWasm(imports: object, take: (instance: { exports: object }) => void): object;
  print(text: string): void;
  printErr(text: string): void;
}) => Promise<Instance>;

/** WebAssembly gives no memory back: an instance that has grown beyond this is thrown away, bytes. */
const keptBytes = 96 * 1024 * 1024;

const silent = (): void => {};

/** One codec: its code is compiled once, its instances are replaced when they have failed or grown. */
export class WasmCodec {
  readonly #path: string;
  readonly #glue: () => Promise<{ default: unknown }>;
  readonly #options: boolean[];
  #compiled: Promise<Compiled> | undefined;
  #instance: Promise<Instance> | undefined;

  /** @param path of the WebAssembly file @param glue imports what instantiates it @param options of each call */
  constructor(path: string, glue: () => Promise<{ default: unknown }>, ...options: boolean[]) {
    this.#options = options;
    this.#path = path;
    this.#glue = glue;
  }

  /** Compiles the codec and makes an instance, so that the first picture need not wait for it. Never rejects. */
  async prepare(): Promise<void> {
    await this.#ready().catch(silent);
  }

  /** Throws PictureError 422 where the codec cannot make a picture of these bytes. */
  async decode(bytes: Uint8Array): Promise<Pixels> {
    const instance = await this.#ready();
    let picture: ReturnType<Instance['decode']>;
    try {
      picture = instance.decode(bytes, ...this.#options);
    } catch {
      // The codec has ended its program, or run out of bounds: nothing of it can be relied on.
      this.#instance = undefined;
      throw broken('The picture cannot be decoded.');
    }
    if (instance.HEAPU8.byteLength > keptBytes) this.#instance = undefined;
    if (!picture) throw broken('The picture cannot be decoded.');
    const { width, height, data } = picture;
    return { width, height, stride: 4, data };
  }

  /** What failed once, such as a read, is tried again with the next picture. */
  async #ready(): Promise<Instance> {
    this.#instance ??= this.#make();
    try {
      return await this.#instance;
    } catch (error) {
      this.#instance = undefined;
      this.#compiled = undefined;
      throw error;
    }
  }

  async #make(): Promise<Instance> {
    // Read at once: the engine then compiles in threads of its own, also while a model's load holds this one.
    this.#compiled ??= engine.compile(readFileSync(this.#path));
    const [module, { default: make }] = await Promise.all([this.#compiled, this.#glue()]);
    return (make as MakeInstance)({
      noInitialRun: true,
      instantiateWasm(imports, take) {
        const instance = new engine.Instance(module, imports);
        take(instance);
        return instance.exports;
      },
      print: silent,
      printErr: silent,
    });
  }
}
