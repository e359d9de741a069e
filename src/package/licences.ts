/**
 * Licences of what a package carries, as the file `LICENSES.txt` in it. The runtime's archive on the registry has no
 * licence file of its own, so the text of its repository's LICENSE is here.
 */
export const licencesText = `This function was packaged by Coldgate.

Coldgate's handler is licensed under the Apache License, Version 2.0.
You may obtain a copy of the licence at http://www.apache.org/licenses/LICENSE-2.0

libonnxruntime, onnxruntime_binding.node and the parts of onnxruntime-node and onnxruntime-common inside the handler's
bundle come from ONNX Runtime (https://github.com/microsoft/onnxruntime), which lists the software that it contains in
its ThirdPartyNotices.txt, and are licensed as follows.

MIT License

Copyright (c) Microsoft Corporation

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`;
