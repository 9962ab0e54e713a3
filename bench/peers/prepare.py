# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""prepare.py CASE: writes what the contenders of a model read: weights of a seed,
the network as ONNX and as OpenVINO's IR, and ditc's artifact is compare.py's.
"""
import json
import sys

import numpy as np
import torch
from safetensors.torch import save_file

import torch_contenders
from case import ROWS, Case
from torch_contenders import torch_dit


def write_weights(case):
    shape = torch_dit.MODELS[case.model]
    with torch.device("meta"):
        names = {name: tuple(p.shape) for name, p in torch_dit.DiT(shape).named_parameters()}
    save_file({name: torch_dit.seeded(name, size, 0, "cpu") for name, size in names.items()},
              case.file("safetensors"))


def write_inputs(case, net):
    shape = net.shape
    case.batch = ROWS
    _, t, y = case.inputs(shape.latent, shape.classes)
    modulations = torch.cat(net.condition(torch.from_numpy(t), torch.from_numpy(y).long()), dim=1)
    np.save(case.file("modulations.npy"), modulations.numpy())
    with open(case.file("json"), "w") as file:
        json.dump({"latent": shape.latent, "classes": shape.classes}, file)
    return modulations


def export(case, net, modulations):
    x = torch.randn(2, *net.shape.latent)
    parts = {"whole": (net, {"x": x, "t": torch.tensor([5.0, 7.0]), "y": torch.tensor([1, 2])}),
             "denoise": (torch_contenders.Denoise(net), {"x": x, "modulations": modulations[:2]})}
    for part, (module, given) in parts.items():
        rows = torch.export.Dim("rows", min=1, max=64)
        torch.onnx.export(module, (), case.file(f"{part}.onnx"), kwargs=given, dynamo=True,
                          input_names=list(given), output_names=["out"], external_data=True,
                          optimize=True, opset_version=20,
                          dynamic_shapes={name: {0: rows} for name in given})
        import openvino
        program = torch.export.export(module, (), kwargs=given, strict=False,
                                      dynamic_shapes={name: {0: rows} for name in given})
        network = openvino.convert_model(program)
        for tensor, name in zip(network.inputs, given):
            tensor.get_tensor().set_names({name})
        openvino.save_model(network, case.file(f"{part}.xml"), compress_to_fp16=False)


@torch.no_grad()
def main():
    case = Case.parse(sys.argv[1])
    write_weights(case)
    net = torch_contenders.network(case)
    export(case, net, write_inputs(case, net))


if __name__ == "__main__":
    main()
