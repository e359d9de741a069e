"""Trains the small models of test/fixtures/customers, and writes down rows as pandas writes them, and what Python answers.

    python scripts/rows/customers.py

The customers are made up. Needs PyPI pandas, scikit-learn, skl2onnx, onnxruntime.
"""
import json
import os

import numpy as np
import onnxruntime
import pandas as pd
from skl2onnx import to_onnx
from skl2onnx.common.data_types import BooleanTensorType, FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

FOLDER = os.path.join(os.path.dirname(__file__), '..', '..', 'test', 'fixtures', 'customers')
random = np.random.default_rng(23)


def customers(count):
    frame = pd.DataFrame({
        'age': random.normal(45, 15, count).round(1), 'income': random.lognormal(10, 0.4, count).round(2),
        'visits': random.integers(0, 40, count), 'town': random.choice(['Ulm', 'NA', '007', 'Bad Tölz, "Süd"'], count),
    })
    frame.loc[random.random(count) < 0.1, 'age'] = np.nan
    return frame


frame = customers(400)
score = frame.age.fillna(45) / 15 + frame.visits / 10 - (frame.town == '007') * 2 + random.normal(0, 1, 400)
stays = np.where(score > score.median(), 'stays', 'leaves')
prepared = ColumnTransformer([
    ('numbers', make_pipeline(SimpleImputer(), StandardScaler()), ['age', 'income']),
    ('whole', StandardScaler(), ['visits']), ('towns', OneHotEncoder(), ['town']),
])
types = [('age', FloatTensorType([None, 1])), ('income', FloatTensorType([None, 1])), ('visits', Int64TensorType([None, 1])), ('town', StringTensorType([None, 1]))]
churn = make_pipeline(prepared, LogisticRegression()).fit(frame, stays)
matrix = frame[['age', 'income', 'visits']].fillna(40).astype(np.float32)
value = make_pipeline(StandardScaler(), RandomForestRegressor(4, max_depth=4, random_state=3)).fit(matrix.values, score)
models = {
    'churn': to_onnx(churn, initial_types=types, options={'zipmap': False}, target_opset=15),
    'churn-zipmap': to_onnx(churn, initial_types=types, target_opset=15),
    'value': to_onnx(value, initial_types=[('X', FloatTensorType([None, 3]))], target_opset=15),
}
os.makedirs(FOLDER, exist_ok=True)
for name, model in models.items():
    with open(os.path.join(FOLDER, f'{name}.onnx'), 'wb') as file:
        file.write(model.SerializeToString())


def run(name, feeds):
    session = onnxruntime.InferenceSession(models[name].SerializeToString(), providers=['CPUExecutionProvider'])
    return dict(zip([one.name for one in session.get_outputs()], session.run(None, feeds)))


asked = customers(25)
feeds = {
    'age': asked.age.values[:, None].astype(np.float32), 'income': asked.income.values[:, None].astype(np.float32),
    'visits': asked.visits.values[:, None], 'town': asked.town.values[:, None].astype(object),
}
answered = run('churn', feeds)
label_name, scores_name = answered
expected = [
    {label_name: label, scores_name: [{'label': name, 'score': float(p)} for p, name in sorted(zip(scores, churn.classes_), reverse=True)]}
    for label, scores in zip(answered[label_name], answered[scores_name])
]
grid = asked[['age', 'income', 'visits']].fillna(41.5)
values = run('value', {'X': grid.values.astype(np.float32)})
with open(os.path.join(FOLDER, 'answers.json'), 'w') as file:
    json.dump({
        'csv': asked.to_csv(index=False), 'csv_with_index': asked.to_csv(), 'split': json.loads(asked.to_json(orient='split')),
        'records': json.loads(asked.to_json(orient='records')), 'columns': asked.astype(object).where(asked.notna(), None).to_dict(orient='list'),
        'churn': expected, 'grid': json.loads(grid.to_json(orient='records')), 'value': values['variable'][:, 0].tolist(),
    }, file, separators=(',', ':'))
    file.write('\n')
print({name: len(model.SerializeToString()) for name, model in models.items()})
