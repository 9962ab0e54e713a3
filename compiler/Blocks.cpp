// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The transformer blocks of the paper's four conditioning designs. adaln_zero
// is the published one; for the others no reference code exists.
#include "compiler/NetworkBuilder.h"

using namespace mlir;
using namespace dit;

namespace {

/// One block while it is built: names are `blocks[i].*`, weights `blocks.i.*`.
class BlockBuilder {
public:
  BlockBuilder(NetworkBuilder &net, const Conditions &c, int64_t index)
      : net(net), c(c), spec(net.spec), width(spec.width),
        name("blocks[" + std::to_string(index) + "]."),
        prefix("blocks." + std::to_string(index) + ".") {}

  Value adaLN(Value x, bool zero) {
    int64_t count = zero ? 6 : 4;
    Value all = net.linear(of("adaln", conditioning()), c.siluC,
                           prefix + "adaLN_modulation.1", count * width);
    int64_t next = 0;
    auto chunk = [&](StringRef what) {
      return net.features(of(what, conditioning()), all, width * next++, width);
    };
    Value shiftMsa = chunk("shift_msa"), scaleMsa = chunk("scale_msa");
    Value gateMsa = zero ? chunk("gate_msa") : Value();
    Value shiftMlp = chunk("shift_mlp"), scaleMlp = chunk("scale_mlp");
    Value gateMlp = zero ? chunk("gate_mlp") : Value();

    Value h = net.layerNorm(of("norm1", eps()), x, spec.norm.eps);
    h = net.modulate(of("modulate_msa", conditioning()), h, shiftMsa, scaleMsa);
    h = selfAttention(h);
    if (zero)
      h = net.gate(of("gated_msa", conditioning()), h, gateMsa);
    x = net.add(of("x_msa", depth()), x, h);

    h = net.layerNorm(of("norm2", eps()), x, secondEps());
    h = net.modulate(of("modulate_mlp", conditioning()), h, shiftMlp, scaleMlp);
    h = mlp(h);
    if (zero)
      h = net.gate(of("gated_mlp", conditioning()), h, gateMlp);
    return net.add(of("x_mlp", depth()), x, h);
  }

  Value crossAttention(Value x) {
    Value h =
        net.layerNorm(of("norm1", eps()), x, spec.norm.eps, prefix + "norm1");
    x = net.add(of("x_msa", depth()), x, selfAttention(h));
    h = net.layerNorm(of("norm_cross", eps()), x, spec.norm.eps,
                      prefix + "norm_cross");
    x = net.add(of("x_cross", depth()), x, attendTo(h, c.pair));
    h = net.layerNorm(of("norm2", eps()), x, secondEps(), prefix + "norm2");
    return net.add(of("x_mlp", depth()), x, mlp(h));
  }

  Value inContext(Value x) {
    Value h =
        net.layerNorm(of("norm1", eps()), x, spec.norm.eps, prefix + "norm1");
    x = net.add(of("x_msa", depth()), x, selfAttention(h));
    h = net.layerNorm(of("norm2", eps()), x, secondEps(), prefix + "norm2");
    return net.add(of("x_mlp", depth()), x, mlp(h));
  }

private:
  Value selfAttention(Value h) {
    Value qkv =
        net.linear(of("qkv", heads()), h, prefix + "attn.qkv", 3 * width);
    if (c.angles)
      qkv = net.rotate(of("qkv_rotated", position()), qkv, c.angles, 2 * width);
    Value q = net.features(of("q", heads()), qkv, 0, width);
    Value k = net.features(of("k", heads()), qkv, width, width);
    Value v = net.features(of("v", heads()), qkv, 2 * width, width);
    Value a = net.attention(of("attn", heads()), q, k, v);
    return net.linear(of("proj", heads()), a, prefix + "attn.proj", width);
  }

  /// Queries from the tokens h, keys and values from the two tokens of `pair`.
  Value attendTo(Value h, Value pair) {
    Value q = net.linear(of("cross_q", conditioning()), h,
                         prefix + "cross_attn.q", width);
    Value kv = net.linear(of("cross_kv", conditioning()), pair,
                          prefix + "cross_attn.kv", 2 * width);
    Value k = net.features(of("cross_k", conditioning()), kv, 0, width);
    Value v = net.features(of("cross_v", conditioning()), kv, width, width);
    Value a = net.attention(of("cross_attn", conditioning()), q, k, v);
    return net.linear(of("cross_proj", conditioning()), a,
                      prefix + "cross_attn.proj", width);
  }

  Value mlp(Value h) {
    h = net.linear(of("fc1", ratio()), h, prefix + "mlp.fc1", spec.mlpHidden());
    h = net.activation(of("gelu", spec.mlp.activation.loc), h);
    return net.linear(of("fc2", ratio()), h, prefix + "mlp.fc2", width);
  }

  Origin of(StringRef what, LocationAttr key) {
    return {name + what.str(), key};
  }
  LocationAttr depth() { return spec.depth.loc; }
  LocationAttr heads() { return spec.heads.loc; }
  LocationAttr position() { return spec.position.loc; }
  LocationAttr eps() {
    return spec.norm.eps.loc ? spec.norm.eps.loc : spec.width.loc;
  }
  LocationAttr ratio() {
    return spec.mlpRatio.loc ? spec.mlpRatio.loc : spec.width.loc;
  }
  LocationAttr conditioning() {
    return spec.conditioning.loc ? spec.conditioning.loc : spec.width.loc;
  }
  /// diffusers normalises the MLP's input with another epsilon.
  double secondEps() {
    return spec.compat == Compat::Diffusers ? 1e-5 : spec.norm.eps.value;
  }

  NetworkBuilder &net;
  const Conditions &c;
  const Spec &spec;
  int64_t width;
  std::string name, prefix;
};

} // namespace

Value dit::buildBlock(NetworkBuilder &net, Value x, const Conditions &c,
                      int64_t index) {
  BlockBuilder block(net, c, index);
  switch (net.spec.conditioning) {
  case Conditioning::AdaLNZero:
    return block.adaLN(x, /*zero=*/true);
  case Conditioning::AdaLN:
    return block.adaLN(x, /*zero=*/false);
  case Conditioning::CrossAttention:
    return block.crossAttention(x);
  case Conditioning::InContext:
    return block.inContext(x);
  }
  llvm_unreachable("all designs are above");
}
