import { checkPlatform, type Platform } from './platform.ts';

export interface PinnedFile {
  /** Name beside the handler bundle; also the last part of the path in the archive. */
  name: string;
  /** Bytes. */
  size: number;
  /** Hex. */
  sha256: string;
}

/** Everything that the runtime must be, byte for byte. A new release of it is a change of this file alone. */
export interface RuntimePins {
  name: string;
  version: string;
  /** Of the archive on the registry, as its `dist.integrity` and our lock file have it. */
  integrity: string;
  /** Bytes of that archive, for the progress message. */
  archiveSize: number;
  /** Folder in the archive that holds the files of a platform. */
  folder(platform: Platform): string;
  files(platform: Platform): readonly PinnedFile[];
}

const natives: Record<string, readonly PinnedFile[]> = {
  'linux-x64': [
    {
      name: 'libonnxruntime.so.1',
      size: 45_828_512,
      sha256: 'ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23',
    },
    {
      name: 'onnxruntime_binding.node',
      size: 389_488,
      sha256: 'ccdc60b981d93a490cf9513d3f583547252b6e285b72988a96a494f2f006c7b8',
    },
  ],
  'linux-arm64': [
    {
      name: 'libonnxruntime.so.1',
      size: 25_135_496,
      sha256: '1f549d46250b005580b597f4164984aaf75b3bcb9f3aeb07c7f8a8fe60b23c76',
    },
    {
      name: 'onnxruntime_binding.node',
      size: 394_648,
      sha256: 'afec78dc11d38dc81605b068cefe1fc73ffe77ca240c15468aa40786150beac8',
    },
  ],
  // The archive carries the library twice; the binding links @rpath/libonnxruntime.1.dylib.
  'darwin-arm64': [
    {
      name: 'libonnxruntime.1.dylib',
      size: 44_589_928,
      sha256: '685d2be5dba1309c89d3a5324b7fd06a5c42f1a61bfea32d14c4cc28d072121d',
    },
    {
      name: 'onnxruntime_binding.node',
      size: 266_840,
      sha256: 'a3f993357759b06ae2411f70af60f5e041d04521ea7f0d12cb7546e411a527dd',
    },
  ],
};

/** onnxruntime-node 1.30.0. Its archive has no licence file; `licences.ts` carries the text. */
export const onnxRuntimePins: RuntimePins = {
  name: 'onnxruntime-node',
  version: '1.30.0',
  integrity: 'sha512-twhs1C2C/BFkz1yc5OY0KIU2GUq6DURO7hD4bx5Q2Qy3nAMJwRXW8xU3NVczE29VA9lolLOYepoD8fjTGOfIqw==',
  archiveSize: 113_507_888,
  folder: ({ os, arch }) => `bin/napi-v6/${os}/${arch}`,
  files(platform) {
    const { os, arch } = checkPlatform(platform);
    return natives[`${os}-${arch}`] as readonly PinnedFile[];
  },
};
