// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What is before and after the blocks: embeddings, position, the final layer;
// and the function around it all. The blocks are in Blocks.cpp.
#include "compiler/Importer.h"

#include "compiler/NetworkBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace dit;

namespace {

class Importer {
public:
  Importer(OpBuilder &builder, const Spec &spec)
      : net(builder, spec), spec(spec), builder(builder), width(spec.width) {}

  void build(ModuleOp module) {
    int64_t c = spec.latent.channels, h = spec.latent.height,
            w = spec.latent.width;
    auto labels =
        RankedTensorType::get({ShapedType::kDynamic}, builder.getI32Type());
    Type inputs[] = {net.batched({c, h, w}), net.batched({}), labels};
    Type output = net.batched({spec.outChannels(), h, w});
    builder.setInsertionPointToEnd(module.getBody());
    Location loc(spec.loc);
    auto func = func::FuncOp::create(builder, loc, "denoise",
                                     builder.getFunctionType(inputs, output));
    func.addEntryBlock();
    StringRef names[] = {"x", "t", "y"};
    LocationAttr keys[] = {spec.latent.channels.loc,
                           spec.timestep.frequencies.loc, spec.classes.loc};
    for (unsigned i = 0; i < 3; ++i) {
      func.setArgAttr(i, kNameAttr, builder.getStringAttr(names[i]));
      func.setArgAttr(i, kFromAttr, builder.getStringAttr("input"));
      func.getArgument(i).setLoc(net.at({names[i].str(), keys[i]}));
    }
    func.setResultAttr(0, kNameAttr, builder.getStringAttr("out"));
    builder.setInsertionPointToStart(&func.getBody().front());
    Value out =
        network(func.getArgument(0), func.getArgument(1), func.getArgument(2));
    func::ReturnOp::create(builder, loc, out);
  }

private:
  Value network(Value image, Value t, Value y) {
    Value x = embedPatches(image);
    Conditions c;
    c.t = embedTimestep(t);
    if (spec.position == Position::Rotary)
      c.angles = rotaryAngles();
    c.y = embedLabel(y);
    switch (spec.conditioning) {
    case Conditioning::AdaLNZero:
    case Conditioning::AdaLN:
      c.siluC =
          net.silu({"silu_c", design()}, net.add({"c", design()}, c.t, c.y));
      break;
    case Conditioning::CrossAttention:
      c.pair = conditionTokens(c);
      break;
    case Conditioning::InContext:
      x = net.concat({"x_in_context", design()}, {x, conditionTokens(c)});
      break;
    }
    for (int64_t i = 0; i < spec.depth; ++i)
      x = buildBlock(net, x, c, i);
    if (spec.conditioning == Conditioning::InContext)
      x = net.tokens({"x_patches", design()}, x, 0, spec.tokens());
    return finalLayer(x, c);
  }

  /// (N, C, H, W) -> (N, T, D), position added unless q and k are turned by
  /// it.
  Value embedPatches(Value image) {
    LocationAttr key = spec.patchSize.loc;
    int64_t p = spec.patchSize, c = spec.latent.channels;
    int64_t features = c * p * p;
    Value patches =
        PatchifyOp::create(builder, net.at({"patches", key}),
                           net.batched({spec.tokens(), features}), image, p);
    // The checkpoint holds a convolution; its rows are patch vectors already.
    const char *name = "x_embedder.proj.weight";
    Value kernel = net.weight(name, {width, c, p, p}, key);
    Value weight = ReshapeOp::create(builder, net.at({name, key}),
                                     net.fixed({width, features}), kernel);
    Value bias = net.weight("x_embedder.proj.bias", {width}, key);
    Value x = LinearOp::create(builder, net.at({"x_embedder", key}),
                               net.batched({spec.tokens(), width}), patches,
                               weight, bias);
    if (spec.position == Position::Rotary)
      return x;
    return net.add({"x_embedded", position()}, x, positionTable());
  }

  /// (T, D), added to the tokens.
  Value positionTable() {
    auto type = net.fixed({spec.tokens(), width});
    Location loc = net.at({"pos_embed", position()});
    if (spec.position == Position::Learned)
      return ReshapeOp::create(
          builder, loc, type,
          net.weight("pos_embed", {1, spec.tokens(), width}, position()));
    return SincosPositionOp::create(
        builder, loc, type, size(spec.gridHeight()), size(spec.gridWidth()),
        trained(spec.positionGrid.height), trained(spec.positionGrid.width));
  }

  /// (T, D/heads), by which the blocks turn q and k.
  Value rotaryAngles() {
    return RotaryPositionOp::create(
        builder, net.at({"rotary", position()}),
        net.fixed({spec.tokensInBlocks(), spec.headDim()}),
        size(spec.gridHeight()), size(spec.gridWidth()),
        trained(spec.positionGrid.height), trained(spec.positionGrid.width),
        builder.getF64FloatAttr(spec.rotary.theta));
  }

  IntegerAttr size(int64_t value) { return builder.getI64IntegerAttr(value); }
  /// A side of the trained grid; null where it is this model's own.
  IntegerAttr trained(const Located<int64_t> &side) {
    return side ? size(side) : IntegerAttr();
  }

  Value embedTimestep(Value t) {
    if (spec.learnsTimesteps())
      return embed({"t_emb", spec.timestep.embedding.loc}, t, "t_embedder",
                   spec.diffusion.steps);
    LocationAttr key = spec.timestep.frequencies.loc;
    int64_t shift = spec.compat == Compat::Diffusers ? 1 : 0;
    Value h = TimestepEmbeddingOp::create(
        builder, net.at({"t_frequencies", key}),
        net.batched({spec.timestep.frequencies}), t,
        llvm::APFloat(spec.timestep.maxPeriod), shift);
    h = net.linear({"t_fc1", key}, h, "t_embedder.mlp.0", width);
    h = net.silu({"t_silu", key}, h);
    return net.linear({"t_emb", key}, h, "t_embedder.mlp.2", width);
  }

  Value embedLabel(Value y) {
    return embed({"y_emb", spec.classes.loc}, y, "y_embedder",
                 spec.labelRows());
  }

  /// Rows (N, D) of `prefix.embedding_table.weight` (rows, D).
  Value embed(const Origin &origin, Value index, StringRef prefix,
              int64_t rows) {
    Value table = net.weight((prefix + ".embedding_table.weight").str(),
                             {rows, width}, origin.key);
    return EmbeddingOp::create(builder, net.at(origin), net.batched({width}),
                               index, table);
  }

  /// t and y as two tokens (N, 2, D).
  Value conditionTokens(const Conditions &c) {
    return net.concat({"c_tokens", design()},
                      {net.asToken({"t_token", design()}, c.t),
                       net.asToken({"y_token", design()}, c.y)});
  }

  /// (N, T, D) -> (N, C_out, H, W)
  Value finalLayer(Value x, const Conditions &c) {
    LocationAttr key =
        spec.learnSigma.loc ? spec.learnSigma.loc : spec.patchSize.loc;
    LocationAttr eps = spec.norm.eps.loc ? spec.norm.eps.loc : spec.width.loc;
    Value h;
    if (c.siluC) {
      Value both = net.linear({"final.adaln", design()}, c.siluC,
                              "final_layer.adaLN_modulation.1", 2 * width);
      Value shift = net.features({"final.shift", design()}, both, 0, width);
      Value scale = net.features({"final.scale", design()}, both, width, width);
      h = net.layerNorm({"final.norm", eps}, x, spec.norm.eps);
      h = net.modulate({"final.modulate", design()}, h, shift, scale);
    } else {
      h = net.layerNorm({"final.norm", eps}, x, spec.norm.eps,
                        "final_layer.norm_final");
    }
    int64_t p = spec.patchSize, channels = spec.outChannels();
    h = net.linear({"final.linear", key}, h, "final_layer.linear",
                   p * p * channels);
    auto type = net.batched({channels, spec.latent.height, spec.latent.width});
    return UnpatchifyOp::create(builder, net.at({"out", key}), type, h, p);
  }

  LocationAttr position() {
    return spec.position.loc ? spec.position.loc : spec.width.loc;
  }
  LocationAttr design() {
    return spec.conditioning.loc ? spec.conditioning.loc : spec.width.loc;
  }

  NetworkBuilder net;
  const Spec &spec;
  OpBuilder &builder;
  int64_t width;
};

} // namespace

OwningOpRef<ModuleOp> dit::importSpec(MLIRContext *context, const Spec &spec) {
  OpBuilder builder(context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder, Location(spec.loc));
  (*module)->setAttr(kPhaseAttr, builder.getStringAttr("dit"));
  (*module)->setAttr(kNameAttr, builder.getStringAttr(spec.name.value));
  (*module)->setAttr(kSpecAttr, builder.getStringAttr(spec.text));
  Importer(builder, spec).build(*module);
  return module;
}
