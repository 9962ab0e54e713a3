// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The passes, dit -> dit: one def, one file, one flag, one lit test each. Each
// says what it buys, what it turns into what, and when it refuses.
#ifndef DIT_PASSES_PASSES_TD
#define DIT_PASSES_PASSES_TD

include "mlir/Pass/PassBase.td"

class DiT_Pass<string flag> : Pass<flag, "::mlir::ModuleOp"> {
  let dependentDialects = ["::dit::DiTDialect", "::mlir::func::FuncDialect"];
}

//===----------------------------------------------------------------------===//
// Before fusion
//===----------------------------------------------------------------------===//

def JoinLinears : DiT_Pass<"dit-join-linears"> {
  let summary = "make one linear of those that read the same x";
  let description = [{
    Buys launches and tile efficiency: q, k and v become one matmul, and the adaLN projections
    of all blocks, which read one silu(c), become one of the whole model.

    Before: `q = linear(x, wq, bq); k = linear(x, wk, bk)`
    After:  `qk = linear(x, concat(wq, wk), concat(bq, bk)); q = slice(qk); k = slice(qk)`

    A slice of an old result becomes a slice of the joined one. Refuses linears that disagree on
    having a bias or on their types, and weights that depend on an argument. The same x is the
    same value: run `cse` before, when two ops compute it. Leaves a linear whose result an activation
    alone reads: that is computed where the linear's result is made.
  }];
}

def ChooseMatmuls : DiT_Pass<"dit-choose-matmuls"> {
  let summary = "say of each linear how it is multiplied";
  let description = [{
    Buys one place where that is decided: passes, generators and the interpreter read the attribute.

    Before: `linear(x, w)`
    After:  `linear(x, w) matmul<multiply = bf16, by = cublaslt>`

    Linears that run every step are rounded to `multiply` and multiplied `by`, but for those that read
    patches or make them. bf16 needs a number of features that `group` divides, and a linear that
    is in no region yet, since it is cast; tf32 rows of whole 16-byte words, one behind the other;
    cuBLASLt too, of x and of the result. What does not fit is f32, or generated. With a `panel`
    they say the layout of their weights as well: panels of so many output features, in groups of
    `group` input features where bf16 is multiplied. What a linear says already stays. Run it after
    `dit-join-linears` and before `dit-lower-precision`, and for the layouts before
    `dit-plan-layouts`.
  }];
  let options = [
    Option<"multiply", "multiply", "std::string", /*default=*/"\"f32\"", "f32, tf32 or bf16">,
    Option<"by", "by", "std::string", /*default=*/"\"generated\"", "generated or cublaslt">,
    Option<"panel", "panel", "int64_t", /*default=*/"0",
           "output features a panel: 48 for AVX-512, 24 for AVX2, 1 for CUDA; 0 for no layout yet">,
    Option<"group", "group", "int64_t", /*default=*/"1",
           "input features side by side where bf16 is multiplied; 2 for AVX512_BF16">,
  ];
}

def LowerPrecision : DiT_Pass<"dit-lower-precision"> {
  let summary = "round what the matmuls and attentions of every step read";
  let description = [{
    Buys the tensor cores' rate, and half the bytes of the weights and of what those kernels
    read.

    Before: `h = linear(x, w, b) matmul<multiply = bf16>`
    After:  `h = linear(cast(x), cast(w), b) matmul<multiply = bf16>`, with h still float32

    x and the weight of each linear that multiplies bf16, and q, k and v of each attention that runs
    every step, are cast to bf16; what they are views of is cast once, and the views are of the
    cast. Casts of weights depend on weights alone, so `dit-stage` moves them into @prepare: run
    this pass before it, and after `dit-choose-matmuls`. Float32 stay: the residual stream, norms,
    modulation, gates, softmax and all sums, and an attention that reads keys that change more
    rarely than a step. Where cuBLASLt multiplies, the bias is cast too if the sum, or GELU's tanh
    form of it, is only read rounded: its bias is of the type that it writes. With `pairs`
    attentions of an odd number of features a head stay as they are. Refuses a staged module.
  }];
  let options = [
    Option<"pairs", "pairs", "bool", /*default=*/"false",
           "cast only where the features of a head come in pairs">,
  ];
}

def Stage : DiT_Pass<"dit-stage"> {
  let summary = "split @denoise into a function for each rate at which its work must run";
  let description = [{
    Buys a third of DiT-XL's weights a step: what depends on weights alone runs once a load, what
    depends on t and y alone once a distinct (t, y), what depends on a prompt's text alone once a
    prompt, and only the rest runs every step.

    Before: `@denoise(x {every = "step"}, t {every = "condition"}, text {every = "prompt"})`
    After:  `@prepare() -> p...`, `@prompt(text, p...) -> q...`, `@condition(t, p..., q...) -> c...`,
            `@denoise(x, c..., q..., p...)`

    How often an input changes is its `dit.every`; without one, with every step. The analysis
    (BindingTimes.h) looks at operands and names no op and no input. @prompt and @condition are only
    there where they have work. Views never cross: they are recomputed on the side that reads them.
    An input that a faster function reads is an argument there as well. An op with side effects stays
    in @denoise, with all that reads it. Refuses an argument without `dit.name`, and rates it does
    not know.
  }];
}

//===----------------------------------------------------------------------===//
// Fusion: each draws a dit.fused around ops, in any order and any subset
//===----------------------------------------------------------------------===//

def FusePatchEmbed : DiT_Pass<"dit-fuse-patch-embed"> {
  let summary = "patchify + linear + add of the position table in one kernel";
  let description = [{
    Buys a write and a read of the patch vectors and of the embedded tokens.

    Before: `add(linear(patchify(x)), table)`
    After:  one region of kind linear: patchify is its prologue, the table its epilogue

    Refuses patch vectors or an embedding with a second user.
  }];
}

def FuseFinalLayer : DiT_Pass<"dit-fuse-final-layer"> {
  let summary = "norm + modulate + linear + unpatchify in one kernel";
  let description = [{
    Buys a write and a read of the normalised tokens and of the patch vectors.

    Before: `unpatchify(linear(modulate(layer_norm(x))))`
    After:  one region of kind linear: the norm is its prologue, unpatchify its epilogue

    The prologue is computed anew for every few output features, so it pays while the output is
    narrow: refused where making the rows anew takes longer than a write and a read, for rows wider
    than a kernel can keep on the machine that the module says, and for a norm or modulate with a
    second user or already fused with something else. Then unpatchify is joined alone.
  }];
}

def FuseLinearEpilogue : DiT_Pass<"dit-fuse-linear-epilogue"> {
  let summary = "elementwise ops on a linear's result while it is in registers";
  let description = [{
    Buys a write and a read of the linear's result for each op joined.

    Before: `gelu(linear(x))`
    After:  one region of kind linear

    Takes a rotate right behind the linear, and gelu, silu, mul and cast, as long as each is the
    only user of the value before it. With `gate-residual`, gate and the add of the residual stream
    too: worth it where the epilogue is free, at the price of the norm that would have been joined
    with the add; runs before FuseGatedResidual then, which takes the same ops. A linear that is
    cuBLASLt's keeps to what that can end with. Refuses a result with a second user and ops that are
    fused with others already.
  }];
  let options = [
    Option<"gateResidual", "gate-residual", "bool", /*default=*/"false",
           "join gate and the residual add as well">,
  ];
}

def FuseLinearPrologue : DiT_Pass<"dit-fuse-linear-prologue"> {
  let summary = "norm + modulate in the kernel of the linear that reads them";
  let description = [{
    Buys a launch, and a write and a read of the normalised tokens. Worth it where the matmul
    keeps the rows of its tile close by: each column of tiles computes them anew.

    Before: `linear(cast(modulate(layer_norm(x))))`
    After:  one region of kind linear: all before the linear is its prologue

    Takes a norm, then modulate and cast where they are. Refuses ops with a second user, a linear
    that is cuBLASLt's, rows wider than a kernel can keep or that multiplying would wait for longer
    than a row kernel takes, on the machine that the module says, and a norm that is fused with other
    ops already: runs before FuseGatedResidual and FuseAdaLN, which take the same ops.
  }];
}

def FuseGatedResidual : DiT_Pass<"dit-fuse-gated-residual"> {
  let summary = "gate + residual add + the next norm + modulate in one pass over the tokens";
  let description = [{
    Buys three reads and two writes of the tokens a sublayer: the branch and the stream are read
    once, the new stream and the next sublayer's input written once.

    Before: `x1 = add(x, gate(branch)); h = modulate(layer_norm(x1))`
    After:  `x1, h = dit.fused row`

    Block designs without gate or without modulate are joined as far as they go. Refuses a gate
    with a second user, and leaves out the norm when two norms read the sum or when it is fused
    with a linear.
  }];
}

def FuseAdaLN : DiT_Pass<"dit-fuse-adaln"> {
  let summary = "norm + modulate in one pass over the tokens";
  let description = [{
    Buys a write and a read of the normalised tokens.

    Before: `modulate(layer_norm(x), shift, scale)`
    After:  one region of kind row

    Refuses a norm with a second user: it would be written anyway.
  }];
}

def FuseRows : DiT_Pass<"dit-fuse-rows"> {
  let summary = "row kernels of which one alone reads what the other makes are one";
  let description = [{
    Buys a launch, and a write and a read of the value between.

    Before: `h = mul(silu(a), b)`
    After:  one region of kind row

    Joins what no pass before it has a name for, so it runs behind them and behind
    FuseLinearEpilogue, which may take a row op into a linear. Leaves a value with a second reader
    where it is, and a value that the reader broadcasts (shift, scale, gate, tables).
  }];
}

def FuseConditioning : DiT_Pass<"dit-fuse-conditioning"> {
  let summary = "label embedding + add + silu of the condition in one kernel";
  let description = [{
    Buys launches in @condition, where every kernel is tiny.

    Before: `c = add(t_emb, embedding(y)); s = silu(c)`
    After:  one region of kind row

    Works on values that exist once a sample. Refuses to join a label embedding with a second
    user; a c with a second user is yielded beside silu(c).
  }];
}

def FuseCast : DiT_Pass<"dit-fuse-cast"> {
  let summary = "round a value in the kernel that makes it";
  let description = [{
    Buys a launch, and a write and a read of the value before it is rounded.

    Before: `n = cast(attention(q, k, v))`
    After:  one region of kind attention

    Works on whatever kernel makes the value, row, linear or attention, alone or fused: runs last.
    A row kernel gives the value and its cast where both are read; refuses a second user of what a
    linear or an attention makes, and what is only moved or must be alone in its kernel.
  }];
}

def WrapKernels : DiT_Pass<"dit-wrap-kernels"> {
  let summary = "put every op that is left alone into a dit.fused of its kind";
  let description = [{
    Buys nothing by itself: after it every kernel is a dit.fused, so that planning and the code
    generators have one thing to look at. Ends the phase `fused`.

    Before: `a = attention(q, k, v)`
    After:  `a = dit.fused attention (...) { attention }`

    Views and dit.weight stay outside. Work on weights becomes kind pack. What nothing reads goes.
    An op that the dialect does not know stays as it is, with a remark.
  }];
}

def VerifyRegions : DiT_Pass<"dit-verify-regions"> {
  let summary = "split every dit.fused that its kind's grammar does not allow";
  let description = [{
    Buys safety: a fusion pass may be bold, and no generator sees a body it cannot make.

    Before: a `dit.fused row` with two token counts in it
    After:  its ops, each in a dit.fused of its own

    Leaves a remark with what the grammar expected. A legal region is left alone. A linear that
    was to be cuBLASLt's and is in a region that it cannot do is generated, with a remark.
  }];
}

//===----------------------------------------------------------------------===//
// Planning
//===----------------------------------------------------------------------===//

def PlanLayouts : DiT_Pass<"dit-plan-layouts"> {
  let summary = "pack the weight of every linear in @prepare";
  let description = [{
    Buys consecutive loads in every matmul: a weight (M, K) is read in the layout that its linear's
    `matmul` says. Concat and reshape of a weight end in the region that packs it, so no joined
    temporary exists.

    Before: `@denoise(w: MxK)`, `linear(x, w) matmul<multiply = f32, layout = <panel = L>>`
    After:  `@prepare` returns `pack(w) layout<panel = L>`, `@denoise(w: PxKxL)`, `linear(x, w)`

    A weight that is used as it is, is copied by a region of kind pack, so that the checkpoint can
    be released; each weight is read right before its first region. Refuses a module without
    @prepare, one that is not fused yet, and a linear that says no layout: run `dit-choose-matmuls`
    before.
  }];
}

def PlanMemory : DiT_Pass<"dit-plan-memory"> {
  let summary = "give every value between kernels its place in one arena";
  let description = [{
    Buys memory: values whose lives do not meet share it. Ends the phase `planned`.

    Before: `h = dit.fused ...`
    After:  `h = dit.fused ... {offsets = array<i64: 4096>}`, `dit.arena_bytes` on the function

    Offsets are bytes a sample and multiples of 64; a result never overlaps an operand; views keep
    their base alive; a returned value gets -1. In @prepare offsets are absolute and results live
    for ever: first, in `dit.shared_bytes`, what depends on a weight and what that is computed
    from; behind it, from `tables-at` on where that is more, what depends on none (position
    tables). So a model planned for several sizes has its packed weights at the same offsets, and
    its tables apart. Results of @prompt and @condition get `dit.slot`. `dit.live_bytes` holds the largest sum
    of live bytes, the lower bound of the arena, and an analysis remark the ratio of the two.
    Refuses ops that are neither views nor dit.fused, a returned value that no region makes, and a
    result of either that is not float32.
  }];
  let options = [
    Option<"tablesAt", "tables-at", "int64_t", /*default=*/"0",
           "first byte of @prepare's memory that tables may take">,
  ];
}

#endif // DIT_PASSES_PASSES_TD
