// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Keys and values of one head, from where the projection left them into panels.
#include "codegen/cpu/AttentionShape.h"
#include "codegen/cpu/Transpose.h"

using namespace mlir;

namespace dit::codegen::cpu {

void Panels::forEach(Emitter &e,
                     function_ref<void(Index, int64_t, int64_t)> body) const {
  e.loop(0, whole(), 1, [&](Index panel) { body(panel, vectors, width()); });
  if (restColumns())
    body(e.index(whole()), restVectors(), restColumns());
}

void packKeys(Emitter &e, const AttentionShape &shape, Ptr from, int64_t stride,
              double factor, Ptr to) {
  const Panels &panels = shape.keyPanels;
  int64_t lanes = shape.lanes, whole = shape.featureSteps / lanes * lanes;
  panels.forEach(e, [&](Index panel, int64_t vectors, int64_t keys) {
    Ptr source = from + panel * (panels.width() * stride);
    Ptr target = to + panel * (panels.width() * shape.featureSteps);
    for (int64_t j = 0; j < vectors; ++j) {
      auto square = [&](Index step, int64_t steps) {
        SmallVector<Num> rows;
        for (int64_t i = 0; i < lanes; ++i) {
          int64_t key = j * lanes + i;
          Num row = key < keys ? e.load(source + step + key * stride, steps)
                               : e.splat(0);
          rows.push_back(key < keys && !shape.pairs ? row * factor : row);
        }
        transpose(rows);
        for (int64_t i = 0; i < steps; ++i)
          e.store(rows[i], target + step * (vectors * lanes) +
                               (i * vectors + j) * lanes);
      };
      e.loop(0, whole, lanes, [&](Index step) { square(step, lanes); });
      if (int64_t rest = shape.featureSteps - whole)
        square(e.index(whole), rest);
    }
  });
}

/// A step of two keys; the last may be of one.
static void packValuePairs(Emitter &e, const AttentionShape &shape, Ptr from,
                           int64_t stride, Ptr to) {
  const Panels &panels = shape.valuePanels;
  int64_t lanes = shape.lanes;
  panels.forEach(e, [&](Index panel, int64_t vectors, int64_t columns) {
    auto pack = [&](Index step, bool isWhole) {
      for (int64_t j = 0; j < vectors; ++j) {
        int64_t count = std::min(lanes, columns - j * lanes);
        Index feature = panel * panels.width() + j * lanes;
        auto value = [&](int64_t key) {
          return e.loadBf16(pastBf16(from, (step * 2 + key) * stride + feature),
                            count);
        };
        e.store(bf16Pairs(value(0), isWhole ? value(1) : e.splat(0)),
                to + panel * (panels.width() * shape.keySteps) +
                    step * (vectors * lanes) + j * lanes);
      }
    };
    e.loop(0, shape.keys / 2, 1, [&](Index step) { pack(step, true); });
    if (shape.keys % 2)
      pack(e.index(shape.keys / 2), false);
  });
}

void packValues(Emitter &e, const AttentionShape &shape, Ptr from,
                int64_t stride, Ptr to) {
  if (shape.pairs)
    return packValuePairs(e, shape, from, stride, to);
  const Panels &panels = shape.valuePanels;
  int64_t lanes = shape.lanes;
  panels.forEach(e, [&](Index panel, int64_t vectors, int64_t columns) {
    Ptr source = from + panel * panels.width();
    Ptr target = to + panel * (panels.width() * shape.keys);
    e.loop(0, shape.keys, 1, [&](Index key) {
      for (int64_t j = 0; j < vectors; ++j)
        e.store(e.load(source + key * stride + j * lanes,
                       std::min(lanes, columns - j * lanes)),
                target + key * (vectors * lanes) + j * lanes);
    });
  });
}

void packQueries(Emitter &e, const AttentionShape &shape, Ptr from,
                 int64_t stride, Index count, Ptr to) {
  int64_t lanes = shape.lanes, whole = shape.featureSteps / lanes * lanes;
  e.loop(e.index(0), count, 1, [&](Index query) {
    Ptr source = from + query * stride, target = to + query * shape.queryStride;
    e.loop(0, whole, lanes,
           [&](Index f) { e.store(e.load(source + f), target + f); });
    if (int64_t rest = shape.featureSteps - whole)
      e.store(e.load(source + whole, rest), target + whole);
  });
}

} // namespace dit::codegen::cpu
