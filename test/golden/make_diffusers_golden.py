"""A small model of the diffusers package, as it saves it, and what it computes:
diffusers_package/{config.json, diffusion_pytorch_model.safetensors} and
diffusers_package/case.safetensors with x, t, y and out. diffusers 0.42.1,
torch 2.15, float32 on a CPU.

The weights are random, the adaLN projections too, so that every part shows; each
block's copy of the embedders is the first block's, as in the published model.
"""
import pathlib

import torch
from diffusers import DiTTransformer2DModel
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent / "diffusers_package"


def main():
    torch.manual_seed(11)
    model = DiTTransformer2DModel(
        num_attention_heads=2, attention_head_dim=8, in_channels=4, out_channels=8,
        num_layers=2, sample_size=6, patch_size=2, num_embeds_ada_norm=5).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            spread = weight[0].numel() ** -0.5 if weight.ndim > 1 else 0.3
            weight.normal_(std=spread)
        first = model.transformer_blocks[0].norm1.emb.state_dict()
        for block in model.transformer_blocks:
            block.norm1.emb.load_state_dict(first)
        x = torch.randn(3, 4, 6, 6)
        t, y = torch.tensor([999, 500, 3]), torch.tensor([0, 4, 5])
        out = model(x, timestep=t, class_labels=y, return_dict=False)[0]
    model.save_pretrained(HERE)
    save_file({"x": x, "t": t, "y": y, "out": out}, HERE / "case.safetensors")
    for name in ("diffusion_pytorch_model", "case"):
        (HERE / f"{name}.safetensors").chmod(0o644)


if __name__ == "__main__":
    main()
