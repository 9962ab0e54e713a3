// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Values with operators over an OpBuilder, so that a generator reads like the
// kernel it makes: `acc = fma(broadcast(a), w, acc)`. Numbers are float32
// scalars or vectors of the target's lanes; sizes and positions are 64-bit
// integers.
#ifndef DIT_CODEGEN_HOST_EMIT_H
#define DIT_CODEGEN_HOST_EMIT_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace dit::codegen {

class Emitter;

/// A 64-bit integer of the kernel: a size, a position, a count. Arithmetic on
/// constants is folded.
struct Index {
  Emitter *e = nullptr;
  mlir::Value v;
};

/// A float32 scalar, or a vector of `lanes` of them.
struct Num {
  Emitter *e = nullptr;
  mlir::Value v;
  bool isVector() const;
};

/// A truth value, or one a lane.
struct Bool {
  Emitter *e = nullptr;
  mlir::Value v;
};

/// An address of float32 elements (or int32, see loadInt).
struct Ptr {
  Emitter *e = nullptr;
  mlir::Value v;
};

Index operator+(Index a, Index b);
Index operator-(Index a, Index b);
Index operator*(Index a, Index b);
Index operator/(Index a, Index b); // unsigned
Index operator%(Index a, Index b); // unsigned
Index operator+(Index a, int64_t b);
Index operator-(Index a, int64_t b);
Index operator*(Index a, int64_t b);
Index operator/(Index a, int64_t b);
Index operator%(Index a, int64_t b);
Index min(Index a, Index b);
Index max(Index a, Index b);
Index select(Bool c, Index a, Index b);
Bool operator<(Index a, Index b);
Bool operator==(Index a, Index b);

/// The address `elements` float32 further on.
Ptr operator+(Ptr p, Index elements);
Ptr operator+(Ptr p, int64_t elements);

// A scalar operand beside a vector is broadcast.
Num operator+(Num a, Num b);
Num operator-(Num a, Num b);
Num operator*(Num a, Num b);
Num operator/(Num a, Num b);
Num operator-(Num a);
Num operator+(Num a, double b);
Num operator-(Num a, double b);
Num operator*(Num a, double b);
Num fma(Num a, Num b, Num c); // a * b + c, rounded once
Num sqrt(Num a);
Num exp(Num a);
Num erf(Num a);
Num max(Num a, Num b);
Num min(Num a, Num b);
Num select(Bool c, Num a, Num b);
Num broadcast(Num a); // scalar -> vector
Num reduceAdd(Num a); // vector -> scalar, in a fixed tree order
Num reduceMax(Num a);
/// Lane i is lane from(i) of a.
Num shuffle(Num a, llvm::function_ref<int64_t(int64_t)> from);
/// The whole number nearest to a scalar >= 0, the even one of two.
Index nearest(Num a);

// bfloat16 is in memory alone, and two of them in a lane.
/// The address `elements` bfloat16 further on.
Ptr pastBf16(Ptr p, Index elements);
/// Both rounded, two a lane: `first` in the lane's low half.
Num bf16Pairs(Num first, Num second);
/// sum + first halves of a and b multiplied + second halves multiplied, in
/// vectors of 16 lanes. An instruction of AVX512_BF16.
Num dotPairs(Num a, Num b, Num sum);

class Emitter {
public:
  using LoopBody = llvm::function_ref<void(Index)>;
  using ReduceBody =
      llvm::function_ref<llvm::SmallVector<Num>(Index, llvm::ArrayRef<Num>)>;

  /// Emits at `builder`'s place; `lanes` float32 make a vector (16 or 8).
  Emitter(mlir::OpBuilder &builder, mlir::Location loc, int lanes)
      : builder(builder), loc(loc), lanes(lanes) {}

  mlir::OpBuilder &builder;
  mlir::Location loc;
  const int lanes;

  mlir::VectorType vectorType();
  Index index(int64_t value);
  Num number(double value);                 // scalar
  Num splat(double value);                  // vector
  Num alternating(double even, double odd); // vector

  Num load(Ptr p);                // a vector
  Num load(Ptr p, int64_t count); // its first `count` lanes, 0 in the others
  Num loadScalar(Ptr p);
  Index loadInt(Ptr p);     // one int32, sign-extended
  void store(Num x, Ptr p); // a vector or a scalar
  void store(Num x, Ptr p, int64_t count);
  /// `count` bfloat16 as float32, 0 in the other lanes.
  Num loadBf16(Ptr p, int64_t count);
  /// The first `count` lanes, rounded to bfloat16.
  void storeBf16(Num x, Ptr p, int64_t count);
  Ptr loadPtr(Ptr p,
              int64_t slot); // the slot-th address of an array of addresses
  void storePtr(Ptr value, Ptr p, int64_t slot);
  /// Hints that the cache line at p will be read: level 1 or 2.
  void prefetch(Ptr p, int level);
  /// True in the first `count` lanes.
  Bool firstLanes(int64_t count);

  void loop(Index begin, Index end, int64_t step, LoopBody body);
  void loop(int64_t begin, int64_t end, int64_t step, LoopBody body);
  /// A loop that carries numbers; returns the last ones.
  llvm::SmallVector<Num> loop(Index begin, Index end, int64_t step,
                              llvm::ArrayRef<Num> init, ReduceBody body);
  llvm::SmallVector<Num> loop(int64_t begin, int64_t end, int64_t step,
                              llvm::ArrayRef<Num> init, ReduceBody body);
  /// True in the lanes i with from <= first + i < end; all within 32 bits.
  Bool lanesWithin(Index first, int64_t from, int64_t end);
  /// Reads only the lanes that are true; the others are those of `otherwise`.
  Num load(Ptr p, Bool lanesRead, Num otherwise);
  void ifThen(Bool condition, llvm::function_ref<void()> then);
};

} // namespace dit::codegen

#endif // DIT_CODEGEN_HOST_EMIT_H
