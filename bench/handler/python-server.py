# What tutorials show: boto3 and onnxruntime imported at the top, the session made by path, all options as they come.
import json
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
import numpy as np
import onnxruntime

s3 = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
session = onnxruntime.InferenceSession(os.environ["MODEL"])


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        feeds = {
            name: np.array(one["data"], dtype=one["dtype"]).reshape(one["shape"])
            for name, one in body["inputs"].items()
        }
        names = [output.name for output in session.get_outputs()]
        results = session.run(names, feeds)
        outputs = {
            name: {"shape": list(one.shape), "dtype": str(one.dtype), "data": one.ravel().tolist()}
            for name, one in zip(names, results)
        }
        answer = json.dumps({"outputs": outputs}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
print(json.dumps({"event": "listening", "port": server.server_port}), flush=True)
server.serve_forever()
