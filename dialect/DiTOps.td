// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The ops of a diffusion transformer, at the level of the paper. Shapes below:
// N samples, T tokens, D width, K input features, M output features, C channels.
#ifndef DIT_DIALECT_DITOPS_TD
#define DIT_DIALECT_DITOPS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/Interfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def DiT_Dialect : Dialect {
  let name = "dit";
  let cppNamespace = "::dit";
  let summary = "diffusion transformers at the level of the paper";
  let useDefaultAttributePrinterParser = 1;
}

class DiT_Op<string mnemonic, list<Trait> traits = []>
    : Op<DiT_Dialect, mnemonic, traits>;

class DiT_Trait<string name> : NativeOpTrait<name> { let cppNamespace = "::dit"; }

// What an op says of itself to passes and generators; see DiTDialect.h.
def DiT_View : DiT_Trait<"ViewLike">;
def DiT_PerRow : DiT_Trait<"WorksOnRows">;
def DiT_PerElement : DiT_Trait<"WorksOnElements">;
def DiT_OfWeights : DiT_Trait<"WorksOnWeights">;
def DiT_Moves : DiT_Trait<"MovesElements">;
def DiT_Norm : DiT_Trait<"NormLike">;
def DiT_Activation : DiT_Trait<"ActivationLike">;
def DiT_Sinusoid : DiT_Trait<"SinusoidLike">;

def DiT_KernelOp : OpInterface<"KernelOp"> {
  let description = "An op that can be a kernel by itself: not a view, not a source.";
  let cppNamespace = "::dit";
  let methods = [
    InterfaceMethod<[{
      The kind of kernel that the op is when nothing is fused with it and it depends on more than
      weights.
    }], "::dit::KernelKind", "getKindAlone", (ins), "",
        "return ::dit::KernelKind::Row;">,
    InterfaceMethod<[{
      The operands that are not rows of the result's tokens, but the same for many of them.
    }], "::llvm::SmallVector<::mlir::Value>", "getBroadcast", (ins), "", "return {};">,
    InterfaceMethod<"Multiplications of a sample that are each followed by an addition.",
        "int64_t", "getMacs", (ins), "", "return 0;">,
  ];
}

// An op on a whole token at a time.
class DiT_RowOp<string mnemonic, list<Trait> traits = []>
    : DiT_Op<mnemonic, !listconcat([Pure, DiT_KernelOp, DiT_PerRow], traits)>;

def DiT_Real : AnyTypeOf<[F32, F16, BF16, F64]>;

// The batch is the one dynamic dimension, and the first; no dimension is empty.
class DiT_Batched<Type tensor> : ConfinedType<tensor,
    [CPred<"::dit::hasPlainShape(::llvm::cast<::mlir::RankedTensorType>($_self))">],
    tensor.summary # " with sizes of at least 1, of which only the first may be dynamic">;

def DiT_Tensor : DiT_Batched<RankedTensorOf<[DiT_Real]>>;
// (N, T, D), or (N, D) for what exists once a sample.
def DiT_Rows   : DiT_Batched<TensorRankOf<[DiT_Real], [2, 3]>>;
def DiT_Tokens : DiT_Batched<TensorRankOf<[DiT_Real], [3]>>;
def DiT_Cond   : DiT_Batched<TensorRankOf<[DiT_Real], [2]>>;
// (M, K), or packed.
def DiT_Weight : DiT_Batched<TensorRankOf<[DiT_Real], [2, 3, 4]>>;
def DiT_Vector : DiT_Batched<TensorRankOf<[DiT_Real], [1]>>;
def DiT_Image  : DiT_Batched<TensorRankOf<[DiT_Real], [4]>>;
// Which row of a table: labels are integers, timesteps are float32.
def DiT_Indices : DiT_Batched<TensorRankOf<[I32, F32], [1]>>;

//===----------------------------------------------------------------------===//
// How a matmul is done
//===----------------------------------------------------------------------===//

def DiT_LayoutAttr : AttrDef<DiT_Dialect, "Layout"> {
  let mnemonic = "layout";
  let summary = "how a packed weight lies in memory";
  let description = [{
    A weight w (M, K) in panels of L = `panel` output features, with S = `group` input features side
    by side. Without a group it is p (ceil(M/L), K, L): `p[i, k, l] = w[i*L + l, k]`, and 0 past M;
    else (ceil(M/L), ceil(K/S), L, S): `p[i, j, l, s] = w[i*L + l, j*S + s]`, and 0 past M and K.

    Panels keep a matmul's inner loop on consecutive memory; the features of a group are what one
    instruction multiplies and adds up.
  }];
  let parameters = (ins "int64_t":$panel, DefaultValuedParameter<"int64_t", "1">:$group);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The shape that a weight (m, k) is packed into.
    ::llvm::SmallVector<int64_t> packedShape(int64_t m, int64_t k) const;
    /// That of a weight's type.
    ::mlir::RankedTensorType packedType(::mlir::RankedTensorType weight) const;
    /// Where element (m, k) of a weight with `inputs` features is among the packed ones.
    int64_t packedIndex(int64_t m, int64_t k, int64_t inputs) const;
  }];
}

def DiT_Multiply : I32EnumAttr<"Multiply", "what both operands are rounded to", [
    I32EnumAttrCase<"F32", 0, "f32">, I32EnumAttrCase<"TF32", 1, "tf32">,
    I32EnumAttrCase<"BF16", 2, "bf16">]> {
  let cppNamespace = "::dit";
}

def DiT_MatmulBy : I32EnumAttr<"MatmulBy", "whose code multiplies", [
    I32EnumAttrCase<"Generated", 0, "generated">, I32EnumAttrCase<"CublasLt", 1, "cublaslt">]> {
  let cppNamespace = "::dit";
}

def DiT_MatmulByParameter : EnumParameter<DiT_MatmulBy> {
  let defaultValue = "::dit::MatmulBy::Generated";
}

def DiT_MatmulAttr : AttrDef<DiT_Dialect, "Matmul"> {
  let mnemonic = "matmul";
  let summary = "how a linear is multiplied";
  let description = [{
    `multiply` is part of what the linear computes: both operands are rounded to it where they are
    multiplied, f32 meaning that they are not; sums are of the result's type. `by` and `layout` are
    not: whose code does it, and how the weight lies once it is packed.

    `dit-choose-matmuls` decides it, for passes, generators and the interpreter alike.
  }];
  let parameters = (ins EnumParameter<DiT_Multiply>:$multiply,
      DiT_MatmulByParameter:$by, OptionalParameter<"::dit::LayoutAttr">:$layout);
  let assemblyFormat = "`<` struct(params) `>`";
}

//===----------------------------------------------------------------------===//
// What is compiled for
//===----------------------------------------------------------------------===//

def DiT_MachineAttr : AttrDef<DiT_Dialect, "Machine"> {
  let mnemonic = "machine";
  let summary = "the machine that a module is compiled for, as far as costs depend on it";
  let description = [{
    What a matmul's kernel pays for making the rows that it reads (a norm and modulate before it):

    | parameter | |
    |---|---|
    | columns | output features that share one making of a row |
    | make | picoseconds of one core, or multiprocessor, for an element of such a row |
    | move | picoseconds for writing it and reading it again, where a row kernel makes it |
    | kept | bytes of such rows that a kernel can keep; 0 where a cache keeps them |
    | waits | clocks that multiplying waits for a feature of such rows; 0 where other blocks of the multiprocessor multiply meanwhile |
    | row_kernel | clocks of a row kernel, with its launch |
  }];
  let parameters = (ins "int64_t":$columns, "int64_t":$make, "int64_t":$move,
      DefaultValuedParameter<"int64_t", "0">:$kept, DefaultValuedParameter<"int64_t", "0">:$waits,
      DefaultValuedParameter<"int64_t", "0">:$row_kernel);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Sources
//===----------------------------------------------------------------------===//

def DiT_WeightOp : DiT_Op<"weight", [Pure]> {
  let summary = "a tensor of the checkpoint, bound at load";
  let description = [{
    `result = checkpoint[name]`

    From phase `staged` on it appears in `@prepare` alone.

    - (C1) the result's shape is static.

    ```mlir
    %w = dit.weight "blocks.0.attn.qkv.weight" : tensor<24x8xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name);
  let results = (outs DiT_Tensor:$result);
  let assemblyFormat = "$name attr-dict `:` type($result)";
  let hasVerifier = 1;
}

// A table of positions, a row a token of the grid.
class DiT_PositionOp<string mnemonic> : DiT_RowOp<mnemonic, [DiT_Sinusoid]> {
  let extraClassDeclaration = [{
    /// Of the positions of rows and columns.
    double getRowScale() {
      return double(getTrainedHeight().value_or(getGridHeight())) / getGridHeight();
    }
    double getColumnScale() {
      return double(getTrainedWidth().value_or(getGridWidth())) / getGridWidth();
    }
  }];
  let hasVerifier = 1;
}

def DiT_SincosPositionOp : DiT_PositionOp<"sincos_position"> {
  let summary = "the fixed 2-D sine-cosine position table";
  let description = [{
    With q = D/4, omega_j = 10000^(-j/q) in float64, token t = (h, w) row-major, and
    a = h * row_scale, b = w * column_scale:
    `result[t, :] = [sin(b*omega) | cos(b*omega) | sin(a*omega) | cos(a*omega)]`

    The column comes first, as published. Depends on nothing: computed once, in `@prepare`.
    `trained` is the grid whose positions are spread over this one, for a model that runs at
    another resolution than it was trained at: row_scale is its height over the grid's, column_scale
    its width over the grid's. Both are 1 without it.

    - (C1) `dim(result, 0) = grid_height * grid_width`, both at least 1.
    - (C2) `D % 4 = 0`.
    - (C3) the trained grid's height and width are both there or neither, and at least 1.

    ```mlir
    %p = dit.sincos_position grid 2 x 3 : tensor<6x8xf32>
    %q = dit.sincos_position grid 4 x 3 trained 2 x 3 : tensor<12x8xf32>
    ```
  }];
  let arguments = (ins I64Attr:$grid_height, I64Attr:$grid_width,
                       OptionalAttr<I64Attr>:$trained_height,
                       OptionalAttr<I64Attr>:$trained_width);
  let results = (outs DiT_Cond:$result);
  let assemblyFormat = [{
    `grid` $grid_height `x` $grid_width (`trained` $trained_height^ `x` $trained_width)?
    attr-dict `:` type($result)
  }];
}

def DiT_RotaryPositionOp : DiT_PositionOp<"rotary_position"> {
  let summary = "the angles of 2-D rotary positions, as cosines and sines";
  let description = [{
    With d = dim(result, 1), q = d/4, omega_j = theta^(-j/q) in float64, token t = (h, w) row-major,
    a = h * row_scale and b = w * column_scale:
    angle_i(t) = a * omega_i for i < q, b * omega_(i-q) for q <= i < 2q, and
    `result[t, 2i] = cos(angle_i(t))`, `result[t, 2i + 1] = sin(angle_i(t))`

    The row turns the first half of a head, the column the second. Tokens past the grid
    (those of in-context conditioning) have no position: cosine 1, sine 0. Depends on nothing:
    computed once, in `@prepare`. `trained` is as in `dit.sincos_position`.

    - (C1) `dim(result, 0) >= grid_height * grid_width`, both at least 1.
    - (C2) `d % 4 = 0`.
    - (C3) the trained grid's height and width are both there or neither, and at least 1.
    - (C4) theta > 0.

    ```mlir
    %p = dit.rotary_position grid 2 x 3 theta 1.0e+04 : tensor<6x8xf32>
    %q = dit.rotary_position grid 4 x 3 trained 2 x 3 theta 1.0e+04 : tensor<14x8xf32>
    ```
  }];
  let arguments = (ins I64Attr:$grid_height, I64Attr:$grid_width,
                       OptionalAttr<I64Attr>:$trained_height,
                       OptionalAttr<I64Attr>:$trained_width, F64Attr:$theta);
  let results = (outs DiT_Cond:$result);
  let assemblyFormat = [{
    `grid` $grid_height `x` $grid_width (`trained` $trained_height^ `x` $trained_width)?
    `theta` $theta attr-dict `:` type($result)
  }];
}

def DiT_TimestepEmbeddingOp : DiT_RowOp<"timestep_embedding", [DiT_Sinusoid]> {
  let summary = "sinusoidal embedding of the timestep";
  let description = [{
    With h = dim/2 and f_i = exp(-ln(max_period) * i / (h - shift)):
    `result[n, :] = [cos(t[n] * f) | sin(t[n] * f)]`

    Cosine first, as published. f and the product t*f are rounded to float32, as the
    published code does; `shift` is 0 there and 1 in diffusers.

    - (C1) `dim(result) = [dim(t, 0), dim]` with an even dim > 2.
    - (C2) max_period > 0 and `0 <= shift < h`.

    ```mlir
    %e = dit.timestep_embedding %t max_period 1.0e+04 shift 0 : tensor<?xf32> -> tensor<?x256xf32>
    ```
  }];
  let arguments = (ins DiT_Vector:$t, F64Attr:$max_period, I64Attr:$shift);
  let results = (outs DiT_Cond:$result);
  let assemblyFormat = [{
    $t `max_period` $max_period `shift` $shift attr-dict `:` type($t) `->` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::mlir::Value> getBroadcast() { return {getT()}; }
  }];
}

def DiT_EmbeddingOp : DiT_RowOp<"embedding"> {
  let summary = "rows of a table";
  let description = [{
    `result[n, :] = table[index[n], :]`; a float32 index is rounded to the nearest whole number,
    half to even, and clamped to the table's rows (a NaN reads row 0)

    Labels are integers: the null class of guidance is the table's last row. Timesteps are
    float32, and a model may have learned a row for each.

    - (C1) `dim(result) = [dim(index, 0), dim(table, 1)]`.
    - (C2) the table's shape is static.

    ```mlir
    %e = dit.embedding %y table(%w) : tensor<?xi32>, tensor<11x8xf32> -> tensor<?x8xf32>
    %f = dit.embedding %t table(%v) : tensor<?xf32>, tensor<1000x8xf32> -> tensor<?x8xf32>
    ```
  }];
  let arguments = (ins DiT_Indices:$index, DiT_Cond:$table);
  let results = (outs DiT_Cond:$result);
  let assemblyFormat = [{
    $index `table` `(` $table `)` attr-dict `:` type($index) `,` type($table) `->` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::mlir::Value> getBroadcast() { return {getIndex(), getTable()}; }
  }];
}

//===----------------------------------------------------------------------===//
// Pixels and tokens
//===----------------------------------------------------------------------===//

def DiT_PatchifyOp : DiT_Op<"patchify", [Pure, DiT_KernelOp, DiT_Moves]> {
  let summary = "cut an image into patch vectors";
  let description = [{
    With token t = (h, w) row-major on the grid and vector order (c, i, j):
    `result[n, t, (c*p + i)*p + j] = x[n, c, h*p + i, w*p + j]`

    - (C1) patch divides height and width.
    - (C2) `dim(result) = [N, (H/p)*(W/p), C*p*p]`.

    ```mlir
    %v = dit.patchify %x patch 2 : tensor<?x3x4x6xf32> -> tensor<?x6x12xf32>
    ```
  }];
  let arguments = (ins DiT_Image:$x, I64Attr:$patch);
  let results = (outs DiT_Rows:$result);
  let assemblyFormat = "$x `patch` $patch attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::dit::KernelKind getKindAlone() { return ::dit::KernelKind::Patch; }
  }];
}

def DiT_UnpatchifyOp : DiT_Op<"unpatchify", [Pure, DiT_KernelOp, DiT_Moves]> {
  let summary = "put patch vectors back into an image";
  let description = [{
    With token t = (h, w) row-major on the grid and vector order (i, j, c):
    `result[n, c, h*p + i, w*p + j] = x[n, t, (i*p + j)*C + c]`

    Not the inverse of `dit.patchify`: the published output order has the channel last.

    - (C1) patch divides height and width.
    - (C2) `dim(x) = [N, (H/p)*(W/p), p*p*C]`.

    ```mlir
    %o = dit.unpatchify %x patch 2 : tensor<?x6x12xf32> -> tensor<?x3x4x6xf32>
    ```
  }];
  let arguments = (ins DiT_Rows:$x, I64Attr:$patch);
  let results = (outs DiT_Image:$result);
  let assemblyFormat = "$x `patch` $patch attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::dit::KernelKind getKindAlone() { return ::dit::KernelKind::Patch; }
  }];
}

//===----------------------------------------------------------------------===//
// Views, joins and layouts
//===----------------------------------------------------------------------===//

def DiT_SliceOp : DiT_Op<"slice", [Pure, DiT_View, DiT_Moves]> {
  let summary = "a range along one dimension";
  let description = [{
    `result[.., i, ..] = x[.., offset + i, ..]` along `dim`

    A view: it costs nothing, so a projection joined over all blocks is still read a block at a time.

    - (C1) all dimensions but `dim` agree.
    - (C2) `offset + dim(result, dim) <= dim(x, dim)`.
    - (C3) `dim` is not the batch of a batched tensor: the sliced dimension is static.

    ```mlir
    %q = dit.slice %qkv dim 2 offset 8 : tensor<?x4x24xf32> -> tensor<?x4x8xf32>
    ```
  }];
  let arguments = (ins DiT_Tensor:$x, I64Attr:$dim, I64Attr:$offset);
  let results = (outs DiT_Tensor:$result);
  let assemblyFormat = "$x `dim` $dim `offset` $offset attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
}

def DiT_ReshapeOp : DiT_Op<"reshape", [Pure, DiT_View, DiT_Moves, DiT_OfWeights]> {
  let summary = "the same elements in the same row-major order under another shape";
  let description = [{
    - (C1) both shapes are static and have the same number of elements, or both begin with
      the dynamic batch and agree on the number of elements a sample.

    ```mlir
    %m = dit.reshape %w : tensor<8x3x2x2xf32> -> tensor<8x12xf32>
    ```
  }];
  let arguments = (ins DiT_Tensor:$x);
  let results = (outs DiT_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
}

def DiT_ConcatOp : DiT_Op<"concat", [Pure, DiT_KernelOp, DiT_Moves, DiT_OfWeights]> {
  let summary = "tensors one after the other along one dimension";
  let description = [{
    `result = [x_0 | x_1 | ...]` along `dim`

    - (C1) all dimensions but `dim` agree.
    - (C2) `dim(result, dim)` is the sum of the operands'.
    - (C3) there is an operand, and `dim` is not the batch of a batched tensor.

    ```mlir
    %w = dit.concat %a, %b dim 0 : tensor<2x8xf32>, tensor<3x8xf32> -> tensor<5x8xf32>
    ```
  }];
  let arguments = (ins Variadic<DiT_Tensor>:$xs, I64Attr:$dim);
  let results = (outs DiT_Tensor:$result);
  let assemblyFormat = "$xs `dim` $dim attr-dict `:` type($xs) `->` type($result)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::dit::KernelKind getKindAlone() { return ::dit::KernelKind::Patch; }
  }];
}

def DiT_PackOp : DiT_Op<"pack", [Pure, DiT_KernelOp, DiT_Moves, DiT_OfWeights]> {
  let summary = "a weight in the layout a kernel reads";
  let description = [{
    w as `layout` packs it; without one a copy, so that the checkpoint can be let go

    Planning puts it into `@prepare`.

    - (C1) with a layout w is (M, K) and the result what the layout makes of it; without one the
      types are equal.
    - (C2) the shapes are static.

    ```mlir
    %p = dit.pack %w layout<panel = 16> : tensor<24x8xf32> -> tensor<2x8x16xf32>
    ```
  }];
  let arguments = (ins DiT_Tensor:$w, OptionalAttr<DiT_LayoutAttr>:$layout);
  let results = (outs DiT_Tensor:$result);
  let assemblyFormat = [{
    $w (`layout` `` $layout^)? attr-dict `:` type($w) `->` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::dit::KernelKind getKindAlone() { return ::dit::KernelKind::Pack; }
  }];
}

def DiT_CastOp : DiT_RowOp<"cast", [DiT_PerElement, DiT_OfWeights]> {
  let summary = "round to another float type";
  let description = [{
    `result = round(x)`, to nearest even

    The only place where a value is rounded, but for what a `dit.linear` says of its operands: the
    interpreter rounds exactly there.

    - (C1) the shapes agree.

    ```mlir
    %h = dit.cast %x : tensor<?x4x8xf32> -> tensor<?x4x8xbf16>
    ```
  }];
  let arguments = (ins DiT_Tensor:$x);
  let results = (outs DiT_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Matmul and attention
//===----------------------------------------------------------------------===//

def DiT_LinearOp : DiT_Op<"linear", [Pure, DiT_KernelOp]> {
  let summary = "a matmul with a weight, and a bias";
  let description = [{
    `result[.., m] = sum_k round(x[.., k]) * round(weight[m, k]) + bias[m]`

    `matmul` says how: what is rounded to before multiplying (tf32 keeps 10 bits of the mantissa,
    ties away from zero; bf16 as `dit.cast`; f32, and without a `matmul`, nothing), whose code
    multiplies, and how the weight lies once it is packed.

    - (C1) x and result agree on all dimensions but the last.
    - (C2) with K = dim(x, -1) and M = dim(result, -1), weight is (M, K), or what the layout of
      `matmul` packs that into.
    - (C3) bias is (M).
    - (C4) x and weight have one element type, the result's has at least as many bits, and the
      bias is of x's type or of the result's: a sum of bfloat16 products is kept in float32
      until a `dit.cast` rounds it.
    - (C5) what `matmul` rounds to is no wider than x: x is of f32, or of bf16 where that is
      multiplied.

    ```mlir
    %h = dit.linear %x weight(%w) bias(%b) : (tensor<?x4x8xf32>, tensor<24x8xf32>, tensor<24xf32>) -> tensor<?x4x24xf32>
    %g = dit.linear %x weight(%p) matmul<multiply = tf32, layout = <panel = 16>> : (tensor<?x4x8xf32>, tensor<2x8x16xf32>) -> tensor<?x4x24xf32>
    ```
  }];
  let arguments = (ins DiT_Rows:$x, DiT_Weight:$weight,
                       Optional<DiT_Vector>:$bias, OptionalAttr<DiT_MatmulAttr>:$matmul);
  let results = (outs DiT_Rows:$result);
  let assemblyFormat = [{
    $x `weight` `(` $weight `)` (`bias` `(` $bias^ `)`)? (`matmul` `` $matmul^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let builders = [OpBuilder<(ins "::mlir::Type":$result, "::mlir::Value":$x,
                                 "::mlir::Value":$weight, "::mlir::Value":$bias), [{
    build($_builder, $_state, result, x, weight, bias, ::dit::MatmulAttr());
  }]>];
  let extraClassDeclaration = [{
    ::dit::KernelKind getKindAlone() { return ::dit::KernelKind::Linear; }
    int64_t getMacs() {
      return ::dit::elementsPerSample(getResult()) * getX().getType().getShape().back();
    }
    /// What both operands are rounded to where they are multiplied.
    ::dit::Multiply multiplies() {
      return getMatmul() ? getMatmul()->getMultiply() : ::dit::Multiply::F32;
    }
    /// The layout that the weight lies in; null where it is (M, K).
    ::dit::LayoutAttr packedIn() {
      bool isPlain = getWeight().getType().getRank() == 2 || !getMatmul();
      return isPlain ? ::dit::LayoutAttr() : getMatmul()->getLayout();
    }
    bool isByCublasLt() {
      return getMatmul() && getMatmul()->getBy() == ::dit::MatmulBy::CublasLt;
    }
  }];
}

def DiT_AttentionOp : DiT_Op<"attention",
    [Pure, DiT_KernelOp, AllTypesMatch<["k", "v"]>]> {
  let summary = "multi-head scaled dot-product attention";
  let description = [{
    With S the tokens of k and v, d = D/heads, and head a on features [a*d, (a+1)*d):
    `result[n, t, a] = sum_s softmax_s(<q[n, t, a], k[n, s, a]> / sqrt(d)) v[n, s, a]`

    Self-attention when q, k, v come from one sequence, cross-attention otherwise. No mask.

    - (C1) heads divides D.
    - (C2) k and v have q's batch and width, and the result q's shape.
    - (C3) q, k and v have one element type, the result's has at least as many bits: scores
      and sums are not rounded to the type of q.

    ```mlir
    %a = dit.attention %q, %k, %v heads 2 : tensor<?x4x8xbf16>, tensor<?x6x8xbf16> -> tensor<?x4x8xf32>
    ```
  }];
  let arguments = (ins DiT_Tokens:$q, DiT_Tokens:$k, DiT_Tokens:$v, I64Attr:$heads);
  let results = (outs DiT_Tokens:$result);
  let assemblyFormat = [{
    $q `,` $k `,` $v `heads` $heads attr-dict `:` type($q) `,` type($k) `->` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::dit::KernelKind getKindAlone() { return ::dit::KernelKind::Attention; }
    /// The scores, then their sum of v.
    int64_t getMacs() {
      return 2 * ::dit::elementsPerSample(getQ()) * getK().getType().getDimSize(1);
    }
    int64_t getHeadDim() { return getQ().getType().getDimSize(2) / getHeads(); }
  }];
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

def DiT_LayerNormOp : DiT_RowOp<"layer_norm",
    [DiT_Norm, AllTypesMatch<["x", "result"]>, AttrSizedOperandSegments]> {
  let summary = "normalise each token over its features";
  let description = [{
    With mu and var the mean and the biased variance of x[n, t, :]:
    `result = (x - mu) / sqrt(var + eps)`, then `* weight + bias` where given

    - (C1) eps > 0.
    - (C2) weight and bias are (D), and come together.

    ```mlir
    %h = dit.layer_norm %x eps 1.0e-06 : tensor<?x4x8xf32>
    ```
  }];
  let arguments = (ins DiT_Rows:$x, Optional<DiT_Vector>:$weight,
                       Optional<DiT_Vector>:$bias, F64Attr:$eps);
  let results = (outs DiT_Rows:$result);
  let assemblyFormat = [{
    $x (`weight` `(` $weight^ `:` type($weight) `)`)? (`bias` `(` $bias^ `:` type($bias) `)`)?
    `eps` $eps attr-dict `:` type($x)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::mlir::Value> getBroadcast() { return getOperands().drop_front(); }
  }];
}

def DiT_RMSNormOp : DiT_RowOp<"rms_norm", [DiT_Norm, AllTypesMatch<["x", "result"]>]> {
  let summary = "divide each token by its root mean square";
  let description = [{
    `result[n, t, d] = x[n, t, d] / sqrt(mean_d(x[n, t, d]^2) + eps)`, then `* weight[d]` where given

    - (C1) eps > 0.
    - (C2) weight is (D).

    ```mlir
    %h = dit.rms_norm %x eps 1.0e-06 : tensor<?x4x8xf32>
    ```
  }];
  let arguments = (ins DiT_Rows:$x, Optional<DiT_Vector>:$weight, F64Attr:$eps);
  let results = (outs DiT_Rows:$result);
  let assemblyFormat = [{
    $x (`weight` `(` $weight^ `:` type($weight) `)`)? `eps` $eps attr-dict `:` type($x)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::mlir::Value> getBroadcast() { return getOperands().drop_front(); }
  }];
}

def DiT_ModulateOp : DiT_RowOp<"modulate",
    [AllTypesMatch<["x", "result"]>, AllTypesMatch<["shift", "scale"]>]> {
  let summary = "scale and shift tokens by a per-sample condition";
  let description = [{
    `result[n, t, d] = x[n, t, d] * (1 + scale[n, d]) + shift[n, d]`

    The `1 +` is part of the op: a zero-initialised adaLN head is the identity.

    - (C1) `dim(shift) = [dim(x, 0), dim(x, -1)]`.

    ```mlir
    %h = dit.modulate %x shift(%b) scale(%s) : tensor<?x4x8xf32>, tensor<?x8xf32>
    ```
  }];
  let arguments = (ins DiT_Rows:$x, DiT_Cond:$shift, DiT_Cond:$scale);
  let results = (outs DiT_Rows:$result);
  let assemblyFormat = [{
    $x `shift` `(` $shift `)` `scale` `(` $scale `)` attr-dict `:` type($x) `,` type($shift)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::mlir::Value> getBroadcast() { return {getShift(), getScale()}; }
  }];
}

def DiT_GateOp : DiT_RowOp<"gate", [DiT_PerElement, AllTypesMatch<["x", "result"]>]> {
  let summary = "scale a branch by a per-sample condition";
  let description = [{
    `result[n, t, d] = x[n, t, d] * gate[n, d]`

    - (C1) `dim(gate) = [dim(x, 0), dim(x, -1)]`.

    ```mlir
    %g = dit.gate %branch gate(%c) : tensor<?x4x8xf32>, tensor<?x8xf32>
    ```
  }];
  let arguments = (ins DiT_Rows:$x, DiT_Cond:$gate);
  let results = (outs DiT_Rows:$result);
  let assemblyFormat = "$x `gate` `(` $gate `)` attr-dict `:` type($x) `,` type($gate)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::mlir::Value> getBroadcast() { return {getGate()}; }
  }];
}

def DiT_RotateOp : DiT_RowOp<"rotate", [DiT_PerElement, AllTypesMatch<["x", "result"]>]> {
  let summary = "turn pairs of features by a token's angles";
  let description = [{
    With d = dim(table, 1), and for f < features, f even, c = table[t, f % d], s = table[t, f % d + 1]:
    `result[n, t, f] = x[n, t, f] * c - x[n, t, f + 1] * s`,
    `result[n, t, f + 1] = x[n, t, f + 1] * c + x[n, t, f] * s`;
    features from `features` on are left as they are

    q and k lie side by side in the result of one linear, and v behind them: one op turns all
    heads of both, and can be the end of that linear.

    - (C1) d divides `features`, and `0 < features <= dim(x, 2)`.
    - (C2) `d % 2 = 0`.
    - (C3) `dim(table, 0) = dim(x, 1)`.

    ```mlir
    %r = dit.rotate %x by(%table) features 16 : tensor<?x4x24xf32>, tensor<4x8xf32>
    ```
  }];
  let arguments = (ins DiT_Tokens:$x, DiT_Cond:$table, I64Attr:$features);
  let results = (outs DiT_Tokens:$result);
  let assemblyFormat = [{
    $x `by` `(` $table `)` `features` $features attr-dict `:` type($x) `,` type($table)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::mlir::Value> getBroadcast() { return {getTable()}; }
  }];
}

class DiT_ElementwiseBinaryOp<string mnemonic, string sign, string example>
    : DiT_RowOp<mnemonic, [DiT_PerElement, DiT_OfWeights, AllTypesMatch<["lhs", "result"]>]> {
  let description = [{
    `result = lhs }] # sign # [{ rhs`; an rhs without the batch dimension is the same for every sample

    - (C1) rhs has lhs's shape, or lhs's shape without the first dimension.

    ```mlir
    }] # example # [{
    ```
  }];
  let arguments = (ins DiT_Tensor:$lhs, DiT_Tensor:$rhs);
  let results = (outs DiT_Tensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::SmallVector<::mlir::Value> getBroadcast() {
      if (getLhs().getType() == getRhs().getType())
        return {};
      return {getRhs()};
    }
  }];
}

def DiT_AddOp : DiT_ElementwiseBinaryOp<"add", "+",
    "%z = dit.add %x, %table : tensor<?x4x8xf32>, tensor<4x8xf32>"> {
  let summary = "sum";
}

def DiT_MulOp : DiT_ElementwiseBinaryOp<"mul", "*",
    "%z = dit.mul %x, %y : tensor<?x4x8xf32>, tensor<?x4x8xf32>"> {
  let summary = "product";
}

def DiT_SiluOp : DiT_RowOp<"silu", [DiT_PerElement, DiT_Activation, AllTypesMatch<["x", "result"]>]> {
  let summary = "x * sigmoid(x)";
  let description = [{
    `result = x / (1 + exp(-x))`

    ```mlir
    %h = dit.silu %x : tensor<?x8xf32>
    ```
  }];
  let arguments = (ins DiT_Rows:$x);
  let results = (outs DiT_Rows:$result);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

def DiT_GeluForm : I32EnumAttr<"GeluForm", "which GELU", [
    I32EnumAttrCase<"Tanh", 0, "tanh">, I32EnumAttrCase<"Erf", 1, "erf">]> {
  let cppNamespace = "::dit";
}

def DiT_GeluOp : DiT_RowOp<"gelu", [DiT_PerElement, DiT_Activation, AllTypesMatch<["x", "result"]>]> {
  let summary = "Gaussian error linear unit";
  let description = [{
    tanh: `result = x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))`; erf: `result = x/2 * (1 + erf(x/sqrt(2)))`

    The published models use the tanh form.

    ```mlir
    %h = dit.gelu tanh %x : tensor<?x4x8xf32>
    ```
  }];
  let arguments = (ins DiT_Rows:$x, DiT_GeluForm:$form);
  let results = (outs DiT_Rows:$result);
  let assemblyFormat = "$form $x attr-dict `:` type($x)";
}

//===----------------------------------------------------------------------===//
// Fusion
//===----------------------------------------------------------------------===//

def DiT_KernelKind : I32EnumAttr<"KernelKind", "the skeleton a region is generated with", [
    I32EnumAttrCase<"Row", 0, "row">, I32EnumAttrCase<"Linear", 1, "linear">,
    I32EnumAttrCase<"Attention", 2, "attention">, I32EnumAttrCase<"Patch", 3, "patch">,
    I32EnumAttrCase<"Pack", 4, "pack">]> {
  let cppNamespace = "::dit";
}

def DiT_FusedOp : DiT_Op<"fused", [Pure, IsolatedFromAbove,
    SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "ops that run as one kernel";
  let description = [{
    The region holds, unchanged, the ops that stood there before: drawing the boundary changes
    no value. Operands become block arguments, results are yielded.

    | kind | grammar of the body |
    |---|---|
    | row | ops on rows of one token count; each works on a whole token at a time |
    | linear | one `dit.linear`; before it row ops or `dit.patchify` on its x, after it at most one `dit.rotate`, then elementwise ops, `dit.unpatchify` last |
    | attention | one `dit.attention`; after it at most a `dit.cast` |
    | patch | one op that moves elements: patchify, unpatchify, concat |
    | pack | weights only: reshape, concat, pack, sums and products |

    From `planned` on, `offsets` holds one entry a result: its place in the arena, in bytes a
    sample (bytes, in `@prepare`), or -1 for a result written where the caller wants it.

    - (C1) block arguments match the operands' types, `dit.yield` the results' types.
    - (C2) `offsets`, where present, has an entry a result.
    - (C3) the body holds one `dit.linear` in kind linear, one `dit.attention` in kind
      attention, and neither in another kind.
    - (C4) the body holds no `dit.weight` and no `dit.fused`.

    The rest of the grammar is checked where a phase promises it (`--dit-verify-regions`).

    ```mlir
    %x1, %h = dit.fused row (%r = %x, %b = %branch, %g = %gate) : (tensor<?x4x8xf32>, tensor<?x4x8xf32>, tensor<?x8xf32>) -> (tensor<?x4x8xf32>, tensor<?x4x8xf32>) {
      %0 = dit.gate %b gate(%g) : tensor<?x4x8xf32>, tensor<?x8xf32>
      %1 = dit.add %r, %0 : tensor<?x4x8xf32>, tensor<?x4x8xf32>
      %2 = dit.layer_norm %1 eps 1.0e-06 : tensor<?x4x8xf32>
      dit.yield %1, %2 : tensor<?x4x8xf32>, tensor<?x4x8xf32>
    }
    ```
  }];
  let arguments = (ins DiT_KernelKind:$kind, Variadic<AnyRankedTensor>:$inputs,
                       OptionalAttr<DenseI64ArrayAttr>:$offsets);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $kind custom<FusedBody>($inputs, type($inputs), type($results), $body) attr-dict
  }];
  let hasRegionVerifier = 1;
}

def DiT_YieldOp : DiT_Op<"yield", [Pure, Terminator, ReturnLike, HasParent<"FusedOp">]> {
  let summary = "the results of a fused region";
  let arguments = (ins Variadic<AnyRankedTensor>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), [{ }]>];
}

#endif // DIT_DIALECT_DITOPS_TD
