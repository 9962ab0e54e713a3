# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ditc, ONNX Runtime and OpenVINO, without PyTorch in the process."""
import ctypes
import json
import os

import numpy as np

from case import SCALE, SEED, STEPS


def floats(array):
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_float))


def integers(array):
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))


class Ditc:
    """libpeers-ditc.so (Evaluation.cpp)."""

    def __init__(self, case):
        self.library = ctypes.CDLL(os.environ["DIT_PEERS_LIBRARY"])
        self.library.evaluation_open.restype = ctypes.c_void_p
        self.library.evaluation_peak.restype = ctypes.c_double
        self.model = ctypes.c_void_p(self.library.evaluation_open(
            case.artifact.encode(), case.file("safetensors").encode(), case.threads))
        assert self.model, "the artifact was not opened"
        shape = (ctypes.c_int64 * 5)()
        self.library.evaluation_shape(self.model, shape)
        channels, height, width, channels_out, classes = shape
        self.x, self.t, self.y = case.inputs((channels, height, width), classes)
        self.out = np.empty((case.batch, channels_out, height, width), np.float32)
        self.rows = ctypes.c_int64(case.batch)
        assert not self.library.evaluation_condition(self.model, self.rows, floats(self.t),
                                                     integers(self.y))

    def whole(self):
        assert not self.library.evaluation_whole(self.model, self.rows, floats(self.x),
                                                 floats(self.t), integers(self.y), floats(self.out))
        return self.out

    def denoise(self):
        assert not self.library.evaluation_denoise(self.model, floats(self.x), floats(self.out))
        return self.out

    def peak(self):
        """GFLOP/s of multiply-adds from registers, now."""
        return self.library.evaluation_peak(self.model, ctypes.c_double(0.1))

    def sample(self):
        x = np.empty_like(self.x[:len(self.x) // 2])
        assert not self.library.evaluation_sample(
            self.model, ctypes.c_int64(len(x)), ctypes.c_int64(STEPS), ctypes.c_double(SCALE),
            ctypes.c_uint64(SEED), floats(x))
        return x


class Exported:
    """A network that compare.py wrote as ONNX, with the shapes it has beside it."""

    def __init__(self, case):
        self.case = case
        with open(case.file("json")) as file:
            shape = json.load(file)
        x, t, y = case.inputs(shape["latent"], shape["classes"])
        self.sessions = {}
        self.given = {"whole": {"x": x, "t": t, "y": y.astype(np.int64)}}
        modulations = np.load(case.file("modulations.npy"), mmap_mode="r")
        self.given["denoise"] = {"x": x, "modulations": np.array(modulations[:case.batch])}

    def whole(self):
        return self.evaluate("whole")

    def denoise(self):
        return self.evaluate("denoise")


class OnnxRuntime(Exported):
    def __init__(self, case):
        super().__init__(case)
        import onnxruntime
        self.runtime = onnxruntime
        self.session("whole")

    def session(self, part):
        if part not in self.sessions:
            options = self.runtime.SessionOptions()
            options.intra_op_num_threads = self.case.threads
            options.inter_op_num_threads = 1
            options.graph_optimization_level = self.runtime.GraphOptimizationLevel.ORT_ENABLE_ALL
            options.add_free_dimension_override_by_name("rows", self.case.batch)
            self.sessions[part] = self.runtime.InferenceSession(
                self.case.file(f"{part}.onnx"), options, providers=["CPUExecutionProvider"])
        return self.sessions[part]

    def evaluate(self, part):
        return self.session(part).run(None, self.given[part])[0]


class OpenVino(Exported):
    def __init__(self, case):
        super().__init__(case)
        import openvino
        self.runtime = openvino
        self.session("whole")

    def session(self, part):
        if part not in self.sessions:
            core = self.runtime.Core()
            network = core.read_model(self.case.file(f"{part}.xml"))
            network.reshape({name: list(array.shape) for name, array in self.given[part].items()})
            compiled = core.compile_model(network, "CPU", {
                "INFERENCE_NUM_THREADS": self.case.threads, "NUM_STREAMS": 1,
                "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": self.case.dtype})
            self.sessions[part] = compiled.create_infer_request()
        return self.sessions[part]

    def evaluate(self, part):
        request = self.session(part)
        request.infer(self.given[part], share_inputs=True)
        return request.get_output_tensor(0).data
