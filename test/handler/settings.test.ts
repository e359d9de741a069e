import { describe, expect, it } from 'vitest';
import { readSettings, type SettingsError, type Variables } from '../../src/handler/settings.ts';

const good = { MODEL_STORE: 'file', MODEL_PREFIX: '/models', MODEL_NAME: 'digits' };

const problemsOf = (variables: Variables): readonly string[] => {
  try {
    readSettings(variables);
    return [];
  } catch (error) {
    return (error as SettingsError).problems;
  }
};

describe('settings', () => {
  it('needs no more than a store and a name', () => {
    expect(readSettings(good)).toEqual({
      source: { store: 'file', bucket: '', root: '/models' },
      file: undefined,
      model: 'digits',
      models: ['digits'],
      version: undefined,
      pointer: 'current.json',
      refreshSeconds: 30,
      maxPayloadBytes: 5120 * 1024,
      cors: [],
      threads: undefined,
      revision: undefined,
      page: false,
      cacheFolder: undefined,
    });
  });

  it('takes empty variables as missing ones', () => {
    const empty = { MODEL_VERSION: '', MODEL_POINTER: ' ', COLDGATE_CORS: '', COLDGATE_THREADS: '', MODEL_CACHE: '' };
    expect(readSettings({ ...good, ...empty })).toEqual(readSettings(good));
  });

  it('reads lists and numbers', () => {
    const settings = readSettings({
      ...good,
      COLDGATE_MODELS: 'digits, faces,faces',
      COLDGATE_CORS: 'https://a.example, https://b.example',
      COLDGATE_MAX_PAYLOAD_KB: '64',
      COLDGATE_THREADS: '2',
      MODEL_REFRESH_SECONDS: '5',
    });
    expect(settings.models).toEqual(['digits', 'faces']);
    expect(settings.cors).toEqual(['https://a.example', 'https://b.example']);
    expect(settings).toMatchObject({ maxPayloadBytes: 65_536, threads: 2, refreshSeconds: 5 });
  });

  it.each([
    ['file:///m/digits/model.onnx', '/m/digits', 'model.onnx', 'model'],
    ['file:///m/digits/faces.ort', '/m/digits', 'faces.ort', 'faces'],
    ['file:///m/digits/', '/m/digits', 'model.onnx', 'model'],
    ['file:///a%20b/model.onnx', '/a b', 'model.onnx', 'model'],
    ['file:///model.onnx', '/', 'model.onnx', 'model'],
  ])('reads MODEL_URI %s', (uri, root, file, model) => {
    expect(readSettings({ MODEL_URI: uri })).toMatchObject({ source: { store: 'file', root }, file, model });
  });

  it.each([
    [{}, ['MODEL_STORE', 'MODEL_NAME']],
    [{ ...good, MODEL_STORE: 'ftp' }, ['MODEL_STORE']],
    [{ ...good, MODEL_PREFIX: 'models' }, ['MODEL_PREFIX']],
    [{ ...good, MODEL_STORE: 's3' }, ['MODEL_BUCKET']],
    [{ ...good, MODEL_NAME: '../etc' }, ['MODEL_NAME']],
    [{ ...good, COLDGATE_MODELS: 'faces,Bad Name' }, ['COLDGATE_MODELS']],
    [{ ...good, MODEL_VERSION: '1.0' }, ['MODEL_VERSION']],
    [{ ...good, MODEL_POINTER: 'history/0000000001.json' }, ['MODEL_POINTER']],
    [{ ...good, MODEL_REFRESH_SECONDS: '0' }, ['MODEL_REFRESH_SECONDS']],
    [{ ...good, COLDGATE_THREADS: '1.5' }, ['COLDGATE_THREADS']],
    [{ ...good, COLDGATE_PAGE: 'yes' }, ['COLDGATE_PAGE']],
    [{ ...good, COLDGATE_MAX_PAYLOAD_KB: '1e3' }, ['COLDGATE_MAX_PAYLOAD_KB']],
    [{ MODEL_URI: 'ftp://host/model.onnx' }, ['MODEL_URI']],
    [{ MODEL_URI: 'file://host/model.onnx' }, ['MODEL_URI']],
    [{ MODEL_URI: 'file:///a%2Fb/%ff.onnx' }, ['MODEL_URI']],
    [{ ...good, MODEL_VERSION: 'x', COLDGATE_THREADS: '-1' }, ['MODEL_VERSION', 'COLDGATE_THREADS']],
  ])('names every wrong variable of %o', (variables, names) => {
    expect(problemsOf(variables).map((problem) => problem.split(':')[0])).toEqual(names);
  });
});
